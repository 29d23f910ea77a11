use std::fmt;

/// The rest of a chain, inside a [scope](crate::Scope). Created by
/// [`Next::in_scope`](crate::Next::in_scope).
#[must_use = "call `run` on it"]
pub struct InScope<N, S> {
    pub(super) next: N,
    pub(super) scope: S,
}

impl<N, S> fmt::Debug for InScope<N, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InScope").finish_non_exhaustive()
    }
}
