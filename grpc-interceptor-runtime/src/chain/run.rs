//! Running the rest of a chain with additions from an interceptor: observed, or inside a scope.
//!
//! These are inherent methods rather than methods of [`Next`]. In the trait, the compiler would
//! have to prove for every lifetime that a closure's captures are `'static`, and would reject a
//! `&'static str`.

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
    /// Runs the rest of the chain, like [`Next::run`]. The call begins when this is called, and
    /// [`CallEnd::elapsed`](crate::CallEnd::elapsed) counts from then.
    ///
    /// # Errors
    ///
    /// The same as [`Next::run`].
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let Observed { mut next, call } = self;
        let context = next.note_timeout_in(request.metadata());
        watch(Watching::new(call, context), request, |request| next.run(request))
    }

    /// Also runs the call inside a [scope](Next::in_scope). The end of the call is reported outside
    /// the scope.
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
    /// Runs the rest of the chain, like [`Next::run`]. The call begins when this is called.
    ///
    /// # Errors
    ///
    /// The same as [`Next::run`], and any error from the scope.
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
    /// Runs the rest of the chain, like [`Next::run`].
    ///
    /// # Errors
    ///
    /// The same as [`Next::run`], and any error from the scope.
    pub fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<N>> + Send {
        let InScope { next, scope } = self;
        let request = match next.context().side() {
            Side::Client => {
                request.map(|payload| payload.wrap_stream(Sent { scope: scope.clone() }))
            }
            // The handler reads it inside its own future.
            Side::Server => request,
        };
        Scoped::new(scope, move || next.run(request))
    }
}

/// The scope for a client's request stream, which is read outside this future.
struct Sent<S> {
    scope: S,
}

impl<S: Scope> WrapStream for Sent<S> {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.sent_in_scope(self.scope)
    }
}
