use std::future::Future;

use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::{
    in_scope::InScope,
    observation::{ObservedCall, OnEnd},
    observed::Observed,
    timed::Timed,
};
use crate::{CallEnd, Context, Payload, Scope};

/// What a call came to: the response, or the [`Status`] that it failed with.
///
/// Every interceptor sees it on the way back, and may replace it.
pub type Outcome<N> = Result<Response<<N as Next>::Response>, Status>;

/// The rest of the chain: the interceptors after this one, and then the handler (on a server) or
/// the call on the wire (on a client).
///
/// An interceptor gets one and calls [`run`](Next::run):
///
/// - once, to let the call pass;
/// - not at all, to answer it alone;
/// - more than once, to try again. It is [`Copy`] for that.
///
/// The associated types say what kind of RPC this is, so that an interceptor asks for what it
/// needs and no more. `N: Next` takes any RPC. `N: Next<Request = HelloRequest>` takes RPCs with
/// one `HelloRequest`; `N: Next<RequestMessage = HelloRequest>` takes one or a stream of them.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor};
/// use tonic::{Code, Request};
///
/// /// Any RPC: tries once more if the server says that it is away. What can't be sent again, such as
/// /// a stream, is sent once.
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
/// It is sealed, so that it can grow: only this project implements it. For a unit test of an
/// interceptor, the kit makes one of a closure,
/// [`testing::next::unary`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/testing/next/index.html).
pub trait Next: Sealed + Copy + Send + Sync {
    /// What travels as the request: the message itself if the RPC takes one, a
    /// [`MessageStream`](crate::MessageStream) of them if it takes many.
    type Request: Payload<Self::RequestMessage>;

    /// What travels as the response: the message itself if the RPC returns one, a
    /// [`MessageStream`](crate::MessageStream) of them if it returns many.
    type Response: Payload<Self::ResponseMessage>;

    /// The type of a request message, whether the RPC takes one or many.
    type RequestMessage: Send + 'static;

    /// The type of a response message, whether the RPC returns one or many.
    type ResponseMessage: Send + 'static;

    /// Runs the rest of the chain on this request.
    ///
    /// Dropping the future drops the rest of the chain where it waits, and nothing after this `await`
    /// runs, such as if the client goes away. What has to run at the end of every call belongs in
    /// [`on_call_end`](Next::on_call_end).
    ///
    /// # Errors
    ///
    /// The [`Status`] that the handler, or an interceptor inside of this one, failed with.
    fn run(self, request: Request<Self::Request>) -> impl Future<Output = Outcome<Self>> + Send;

    /// The context that the rest of the chain sees.
    fn context(&self) -> Context;

    /// The rest of the chain with another context, which [`Context::with_deadline`] made: the
    /// interceptors inside of this one, the handler's `context` and a client's wire see that
    /// deadline. A deadline that is later than the current one changes nothing.
    #[must_use = "it is another `next`: call `run` on it"]
    fn with_context(self, context: Context) -> Self;

    /// A copy of the request, to send it again: with its metadata, its extensions and its message.
    /// `None` if it is a stream, or a message that isn't `Clone`.
    ///
    /// Ask for it before the request is sent, as `run` takes that. Whether a message is `Clone` is
    /// known for the messages of generated code, and for those of an `#[intercepted]` impl, unless
    /// their type has a parameter without the bound `Clone`.
    fn clone_request(&self, request: &Request<Self::Request>) -> Option<Request<Self::Request>> {
        let payload = self.clone_payload(request.get_ref())?;
        let (metadata, extensions) = (request.metadata().clone(), request.extensions().clone());
        Some(Request::from_parts(metadata, extensions, payload))
    }

    /// The rest of the chain, with a closure that is called once at the end of the whole call: when it
    /// is complete, has failed, was dropped, is out of time or panicked. If the response is a stream,
    /// that is when the stream has ended; the response itself is there before.
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
    /// /// Any RPC: one line for each call, whatever happens to it.
    /// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    ///     let method = context.method_name();
    ///     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
    /// }
    /// ```
    ///
    /// The closure may run in a destructor, such as when a client goes away: it should be quick, and
    /// should not wait. The call begins with [`run`](Observed::run): if that isn't called, nothing is
    /// told.
    ///
    /// To have the call in a [scope](Next::in_scope), too, add it by [`Observed::in_scope`].
    #[must_use = "call `run` on it"]
    fn on_call_end<F>(self, on_end: F) -> Observed<Self, OnEnd<F>>
    where
        F: FnOnce(&CallEnd<'_>) + Send + 'static,
    {
        self.observed_by(OnEnd::new(on_end))
    }

    /// The same with more than a closure: it is told of each message, too. An
    /// [`Observer`](crate::Observer) makes one for each call.
    #[must_use = "call `run` on it"]
    fn observed_by<C>(self, call: C) -> Observed<Self, C>
    where
        C: ObservedCall<Self::RequestMessage, Self::ResponseMessage>,
    {
        Observed { next: self, call }
    }

    /// The rest of the chain, inside of a scope: the future, the response's stream, and on a client the
    /// request's, too. Trailing metadata is kept.
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
    /// /// What runs inside of this interceptor finds the RPC's name in a task-local.
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
    /// /// The same with a `tracing` span: it is entered at each poll.
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

    /// Runs the rest of the call until its [deadline](Context::deadline). Then the call is dropped and
    /// fails with DEADLINE_EXCEEDED, even in the middle of the response's stream. Without a deadline this
    /// is the same as [`run`](Next::run).
    ///
    /// Use it in an interceptor that sets a deadline, by [`with_context`](Next::with_context), or that
    /// enforces one on a server: there tonic drops a call whose time is over, but doesn't end its response
    /// stream. A client enforces the deadline that the call began with by itself.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Next::run), and DEADLINE_EXCEEDED.
    fn run_in_time(
        self,
        request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        let mut next = self;
        let context = next.note_timeout_in(request.metadata());
        Timed::new(context.deadline(), || next.run(request))
    }

    /// A copy of what travels, if there can be one.
    #[doc(hidden)]
    fn clone_payload(&self, payload: &Self::Request) -> Option<Self::Request>;

    /// On a client, gives the rest of the chain the deadline that an interceptor just put into the
    /// metadata. In place, as this runs between any two interceptors. It returns the context that the rest
    /// then sees: to ask for that apart would be one more call to compile at each place.
    #[doc(hidden)]
    #[inline]
    fn note_timeout_in(&mut self, _: &MetadataMap) -> Context {
        self.context()
    }
}

/// Who may implement [`Next`].
pub trait Sealed {}
