use std::{fmt, future::Future};

use tonic::Request;

use super::{
    next::{Next, Outcome},
    scoped::Scoped,
};
use crate::{Payload as _, Scope, Side};

/// The rest of a chain, inside of a [scope](Scope): made by [`Next::in_scope`].
#[must_use = "call `run` on it"]
pub struct InScope<N, S> {
    pub(super) next: N,
    pub(super) scope: S,
}

impl<N: Next, S: Scope> InScope<N, S> {
    /// Runs the rest of the chain, as [`Next::run`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Next::run`], and the scope's.
    // A method of a type, and not of `Next`, as that of `Observed` is.
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let InScope { next, scope } = self;
        let request = match next.context().side() {
            Side::Client => request
                .map(|payload| payload.wrap_stream(|stream| stream.sent_in_scope(scope.clone()))),
            // The handler reads it, inside of its own future.
            Side::Server => request,
        };
        // In an async block, so that all of `run` runs inside of the scope.
        let future = Scoped::new(scope, async move { next.run(request).await });
        async move {
            let (outcome, scope) = future.await;
            Ok(outcome?.map(|payload| payload.wrap_stream(|stream| stream.in_scope(scope))))
        }
    }
}

impl<N, S> fmt::Debug for InScope<N, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InScope").finish_non_exhaustive()
    }
}
