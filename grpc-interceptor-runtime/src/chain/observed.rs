use std::fmt;

/// The rest of a chain, observed: made by [`Next::on_call_end`](crate::Next::on_call_end) and
/// [`Next::observed_by`](crate::Next::observed_by).
///
/// To observe takes no allocation for a unary RPC, and one for the call if there are streams. A request
/// stream on a server, and a response stream on a client, take those of a stream that is looked into,
/// as messages are counted.
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
