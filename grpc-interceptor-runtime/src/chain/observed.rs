use std::fmt;

/// The rest of a chain, observed: made by [`Next::on_call_end`](crate::Next::on_call_end) and
/// [`Next::observed_by`](crate::Next::observed_by).
///
/// Observing a unary RPC allocates nothing, and an RPC with a stream takes one allocation for the call. A
/// request stream on a server and a response stream on a client also take the allocations of a stream
/// that an interceptor looks into, as their messages are counted.
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
