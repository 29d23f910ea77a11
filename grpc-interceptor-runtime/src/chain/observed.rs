use std::fmt;

/// The rest of a chain, observed. Created by [`Next::on_call_end`](crate::Next::on_call_end) and
/// [`Next::observed_by`](crate::Next::observed_by).
///
/// Observing a unary RPC allocates nothing. An RPC with a stream costs one allocation per call. A
/// request stream on a server and a response stream on a client cost as much as a stream that an
/// interceptor inspects, because their messages are counted.
#[must_use = "call `run` on it"]
pub struct Observed<N, C> {
    pub(super) next: N,
    pub(super) call: C,
}

impl<N, C> fmt::Debug for Observed<N, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Observed").finish_non_exhaustive()
    }
}
