use std::{fmt, future::Future};

use tonic::Request;

use super::{
    next::{Next, Outcome},
    observation::{ObservedCall, Watching},
};
use crate::Payload as _;

/// The rest of a chain, observed: made by [`Next::on_call_end`] and [`Next::observed_by`].
///
/// To observe takes no allocation for a unary RPC, and one for the call if there are streams. A request
/// stream on a server, and a response stream on a client, take those of a stream that is looked into,
/// as messages are counted.
#[must_use = "call `run` on it"]
pub struct Observed<N, C> {
    pub(super) next: N,
    pub(super) call: C,
}

impl<N, C> Observed<N, C>
where
    N: Next,
    C: ObservedCall<N::RequestMessage, N::ResponseMessage>,
{
    /// Runs the rest of the chain, as [`Next::run`] does. The call begins when this is called, and so
    /// does [`CallEnd::elapsed`](crate::CallEnd::elapsed).
    ///
    /// # Errors
    ///
    /// Those of [`Next::run`].
    // A method of a type, and not of `Next`: there the compiler would have to prove for any lifetime
    // that what a closure has captured is `'static`, and refuse a `&'static str`.
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let Observed { next, call } = self;
        let mut watching = Watching::new(call, next.context());
        async move {
            let request = request.map(|payload| payload.watched_by(&mut watching.request()));
            match next.run(request).await {
                Ok(response) => {
                    Ok(response.map(|payload| payload.watched_by(&mut watching.response())))
                }
                Err(status) => {
                    watching.failed(&status);
                    Err(status)
                }
            }
        }
    }
}

impl<N, C> fmt::Debug for Observed<N, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Observed").finish_non_exhaustive()
    }
}
