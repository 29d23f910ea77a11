//! How the rest of a chain runs with something of an interceptor's own: watched, or inside of a scope.
//!
//! These are methods of types, and not of [`Next`]. There the compiler would have to prove for any
//! lifetime that what a closure has captured is `'static`, and refuse a `&'static str`.

use std::future::Future;

use tonic::{Request, Response, Status};

use super::{
    in_scope::InScope,
    next::{Next, Outcome},
    observation::{ObservedCall, Watching},
    observed::Observed,
    observing::Observing,
    scoped::Scoped,
};
use crate::{MessageStream, Payload, Scope, Side, payload::WrapStream};

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
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let Observed { mut next, call } = self;
        let context = next.note_timeout_in(request.metadata());
        watch(Watching::new(call, context), request, |request| next.run(request))
    }

    /// The same, inside of a [scope](Next::in_scope). The end of the call is told outside of it.
    #[must_use = "call `run` on it"]
    pub fn in_scope<S: Scope>(self, scope: S) -> Observed<InScope<N, S>, C> {
        Observed { next: self.next.in_scope(scope), call: self.call }
    }
}

impl<N, S, C> Observed<InScope<N, S>, C>
where
    N: Next,
    S: Scope,
    C: ObservedCall<N::RequestMessage, N::ResponseMessage>,
{
    /// Runs the rest of the chain, as [`Next::run`] does. The call begins when this is called.
    ///
    /// # Errors
    ///
    /// Those of [`Next::run`], and the scope's.
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let Observed { next: InScope { mut next, scope }, call } = self;
        let context = next.note_timeout_in(request.metadata());
        let inside = InScope { next, scope };
        watch(Watching::new(call, context), request, |request| inside.run(request))
    }
}

fn watch<F, C, Q, P, R, M>(
    mut watching: Watching<C, M, P>,
    request: Request<Q>,
    run: impl FnOnce(Request<Q>) -> F,
) -> Observing<F, C, M, P>
where
    F: Future<Output = Result<Response<R>, Status>>,
    C: ObservedCall<M, P>,
    Q: Payload<M>,
    M: 'static,
    P: 'static,
{
    let future = watching
        .watch(|watching| run(request.map(|payload| payload.watched_by(&mut watching.request()))));
    Observing { future, watching }
}

impl<N: Next, S: Scope> InScope<N, S> {
    /// Runs the rest of the chain, as [`Next::run`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Next::run`], and the scope's.
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let InScope { next, scope } = self;
        let request = match next.context().side() {
            Side::Client => {
                request.map(|payload| payload.wrap_stream(Sent { scope: scope.clone() }))
            }
            // The handler reads it, inside of its own future.
            Side::Server => request,
        };
        Scoped::new(scope, move || next.run(request))
    }
}

/// A client's request, which is read elsewhere.
struct Sent<S> {
    scope: S,
}

impl<S: Scope> WrapStream for Sent<S> {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.sent_in_scope(self.scope)
    }
}
