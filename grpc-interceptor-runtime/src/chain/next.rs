use std::future::Future;

use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::{
    in_scope::InScope,
    observation::{ObservedCall, OnEnd},
    observed::Observed,
    timed::Timed,
};
use crate::{CallEnd, Context, Payload, Scope};

/// The result of a call: the response, or the [`Status`] that it failed with.
///
/// Every interceptor sees it on the way back, and can replace it.
pub type Outcome<N> = Result<Response<<N as Next>::Response>, Status>;

/// The rest of the chain: the remaining interceptors, then the handler (on a server) or the call on
/// the wire (on a client).
///
/// An interceptor calls [`run`](Next::run):
///
/// - once, to let the call through;
/// - not at all, to answer the call itself;
/// - more than once, to retry. That is why `Next` is [`Copy`].
///
/// The associated types describe the RPC, so an interceptor can require exactly what it needs.
/// `N: Next` accepts any RPC. `N: Next<Request = HelloRequest>` accepts RPCs that take a single
/// `HelloRequest`. `N: Next<RequestMessage = HelloRequest>` accepts RPCs that take one
/// `HelloRequest` or a stream of them.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor};
/// use tonic::{Code, Request};
///
/// /// Works for any RPC. Retries once if the server is unavailable. Requests that can't be cloned,
/// /// such as streams, are sent once.
/// #[interceptor]
/// async fn retry_once<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///     let again = next.clone_request(&request);
///     match (next.run(request).await, again) {
///         (Err(status), Some(again)) if status.code() == Code::Unavailable => next.run(again).await,
///         (outcome, _) => outcome,
///     }
/// }
/// ```
///
/// The trait is sealed so that it can gain methods: only this project implements it. To unit-test
/// an interceptor, the testing kit builds a `Next` from a closure:
/// [`testing::next::unary`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/testing/next/index.html).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the rest of a chain",
    label = "not the rest of a chain",
    note = "its type is a parameter: `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> \
            Outcome<N>`, or `impl<N: Next> Interceptor<N> for Name`"
)]
pub trait Next: Sealed + Copy + Send + Sync {
    /// The request's payload: the message itself if the RPC takes one, or a
    /// [`MessageStream`](crate::MessageStream) if it takes a stream.
    type Request: Payload<Self::RequestMessage>;

    /// The response's payload: the message itself if the RPC returns one, or a
    /// [`MessageStream`](crate::MessageStream) if it returns a stream.
    type Response: Payload<Self::ResponseMessage>;

    /// The type of a request message, whether the RPC takes one or a stream.
    type RequestMessage: Send + 'static;

    /// The type of a response message, whether the RPC returns one or a stream.
    type ResponseMessage: Send + 'static;

    /// Runs the rest of the chain with this request.
    ///
    /// Dropping the future drops the rest of the chain at its current await point. The code after
    /// this `await` then never runs, for example when the client disconnects. Put cleanup that has
    /// to run at the end of every call in [`on_call_end`](Next::on_call_end).
    ///
    /// # Errors
    ///
    /// Returns the [`Status`] that the handler or an inner interceptor failed with.
    fn run(self, request: Request<Self::Request>) -> impl Future<Output = Outcome<Self>> + Send;

    /// Returns the context that the rest of the chain sees.
    fn context(&self) -> Context;

    /// Returns the rest of the chain with another context, made by [`Context::with_deadline`].
    ///
    /// The inner interceptors and the handler's `context` see the new deadline, and a client sends
    /// it on the wire. A deadline later than the current one has no effect.
    #[must_use = "returns a new `next`: call `run` on it"]
    fn with_context(self, context: Context) -> Self;

    /// Returns a copy of the request to send again, with its metadata, extensions and message.
    ///
    /// Returns `None` for a stream, and for a message that isn't `Clone`.
    ///
    /// Clone the request before sending it, since `run` consumes it. Whether a message is `Clone`
    /// is known for messages of generated code and of an `#[intercepted]` impl, unless the message
    /// type has a type parameter without a `Clone` bound.
    fn clone_request(&self, request: &Request<Self::Request>) -> Option<Request<Self::Request>> {
        let payload = self.clone_payload(request.get_ref())?;
        let (metadata, extensions) = (request.metadata().clone(), request.extensions().clone());
        Some(Request::from_parts(metadata, extensions, payload))
    }

    /// Adds a closure that runs once at the end of the whole call.
    ///
    /// The call ends when it completes, fails, is dropped, times out or panics. A call with a
    /// response stream ends when the stream does, which is after `run` has returned the response.
    ///
    /// ```
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
    /// # use grpc_interceptor_proto::greeter::*;
    /// # use tonic::{Response, Status};
    /// # struct MyGreeter;
    /// # #[grpc_interceptor::intercepted(log)]
    /// # impl Greeter for MyGreeter {
    /// #     async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
    /// #         unimplemented!()
    /// #     }
    /// # }
    /// use grpc_interceptor::{Context, Next, Outcome};
    /// use tonic::Request;
    ///
    /// /// Works for any RPC. Logs one line per call, however it ends.
    /// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    ///     let method = context.method_name();
    ///     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
    /// }
    /// ```
    ///
    /// The closure can run in a destructor, for example when a client disconnects, so it should be
    /// quick and shouldn't block. The call begins with [`run`](Observed::run). If `run` is never
    /// called, neither is the closure.
    ///
    /// To run the call in a [scope](Next::in_scope) as well, add [`Observed::in_scope`].
    #[must_use = "call `run` on it"]
    fn on_call_end<F>(self, on_end: F) -> Observed<Self, OnEnd<F>>
    where
        F: FnOnce(&CallEnd<'_>) + Send + 'static,
    {
        self.observed_by(OnEnd::new(on_end))
    }

    /// Adds an observer for this call, which is notified of each message as well as the end.
    ///
    /// To observe every call, implement [`Observer`](crate::Observer), which creates one of these
    /// per call.
    #[must_use = "call `run` on it"]
    fn observed_by<C>(self, call: C) -> Observed<Self, C>
    where
        C: ObservedCall<Self::RequestMessage, Self::ResponseMessage>,
    {
        Observed { next: self, call }
    }

    /// Runs the rest of the chain inside a scope.
    ///
    /// The scope covers the future, the response stream and, on a client, the request stream.
    /// Trailing metadata is preserved.
    ///
    /// ```
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
    /// # use grpc_interceptor_proto::greeter::*;
    /// # use tonic::{Response, Status};
    /// # struct MyGreeter;
    /// # #[grpc_interceptor::intercepted(with_method, in_span)]
    /// # impl Greeter for MyGreeter {
    /// #     async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
    /// #         unimplemented!()
    /// #     }
    /// # }
    /// use grpc_interceptor::{Context, Next, Outcome};
    /// use tonic::Request;
    ///
    /// tokio::task_local! {
    ///     static METHOD: &'static str;
    /// }
    ///
    /// /// Puts the RPC's name in a task-local for everything inside this interceptor.
    /// async fn with_method<N: Next>(
    ///     request: Request<N::Request>,
    ///     context: Context,
    ///     next: N,
    /// ) -> Outcome<N> {
    ///     let method = context.method_name().path();
    ///     let scope = move |run: &mut dyn FnMut()| METHOD.sync_scope(method, run);
    ///     next.in_scope(scope).run(request).await
    /// }
    ///
    /// /// Does the same with a `tracing` span, which is entered on each poll.
    /// async fn in_span<N: Next>(
    ///     request: Request<N::Request>,
    ///     context: Context,
    ///     next: N,
    /// ) -> Outcome<N> {
    ///     let span = tracing::info_span!("call", method = context.method_name().path());
    ///     let scope = move |run: &mut dyn FnMut()| span.in_scope(run);
    ///     next.in_scope(scope).run(request).await
    /// }
    /// ```
    #[must_use = "call `run` on it"]
    fn in_scope<S: Scope>(self, scope: S) -> InScope<Self, S> {
        InScope { next: self, scope }
    }

    /// Runs the rest of the chain until the call's [deadline](Context::deadline).
    ///
    /// At the deadline the call is dropped and fails with DEADLINE_EXCEEDED, even in the middle of
    /// the response stream. Without a deadline this is the same as [`run`](Next::run).
    ///
    /// Use it in an interceptor that sets a deadline with [`with_context`](Next::with_context), or
    /// that enforces a deadline on a server. There, tonic drops a call that has run out of time but
    /// doesn't end its response stream. A client enforces the deadline that the call started with
    /// on its own.
    ///
    /// # Errors
    ///
    /// The same as [`run`](Next::run), and DEADLINE_EXCEEDED.
    fn run_in_time(
        self,
        request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        let mut next = self;
        let context = next.note_timeout_in(request.metadata());
        Timed::new(context.deadline(), || next.run(request))
    }

    /// Returns a copy of the payload, if it can be cloned.
    #[doc(hidden)]
    fn clone_payload(&self, payload: &Self::Request) -> Option<Self::Request>;

    /// On a client, applies a deadline that an interceptor just set in the metadata to the rest of
    /// the chain.
    ///
    /// Works in place, because it runs between every two interceptors. Returns the context that the
    /// rest of the chain then sees: a separate call for it would have to be compiled at every
    /// position.
    #[doc(hidden)]
    #[inline]
    fn note_timeout_in(&mut self, _: &MetadataMap) -> Context {
        self.context()
    }
}

/// Limits who can implement [`Next`].
pub trait Sealed {}
