//! Builds a [`Next`] from a closure, for unit tests that call an interceptor without a client or a
//! server.
//!
//! There is a function for each kind of RPC, with a message or a [`MessageStream`] in each
//! direction.
//!
//! ```
//! use grpc_interceptor::{Context, Interceptor, Next, Outcome, testing};
//! use tonic::{Code, Request, Response, Status};
//!
//! struct Auth;
//!
//! impl<N: Next> Interceptor<N> for Auth {
//!     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
//!         match request.metadata().contains_key("authorization") {
//!             true => next.run(request).await,
//!             false => Err(Status::unauthenticated("no credentials")),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let answer =
//!     |request: Request<String>| async { Ok(Response::new(request.into_inner().len())) };
//! let next = testing::next::unary("/pkg.Service/Method", &answer);
//!
//! let outcome = Auth.intercept(Request::new("hello".to_owned()), next.context(), next).await;
//! assert_eq!(outcome.unwrap_err().code(), Code::Unauthenticated);
//! # }
//! ```

use std::{fmt, future::Future, marker::PhantomData};

use grpc_interceptor_runtime::{
    __private::{RpcInfo, Sealed, WrapStream, new_context},
    Context, Detach, MessageStream, MethodName, Next, Outcome, Payload, RpcKind, Side,
};
use tonic::{Request, Response, Status, metadata::MetadataMap};

type Types<P, QM, PM> = PhantomData<fn() -> (P, QM, PM)>;
type Answer<P> = Result<Response<P>, Status>;

/// Creates the `next` of a unary RPC.
///
/// # Panics
///
/// Panics if the name doesn't have the form `"/pkg.Service/Method"`.
pub fn unary<'a, Q, P, F, O>(name: &'static str, run: &'a F) -> TestNext<'a, Q, P, Q, P, F>
where
    Q: Clone + Send + 'static,
    P: Send + 'static,
    F: Fn(Request<Q>) -> O,
    O: Future<Output = Answer<P>>,
{
    TestNext::new(name, RpcKind::Unary, run, |message| Some(message.clone()))
}

/// Creates the `next` of a client-streaming RPC.
///
/// # Panics
///
/// Panics if the name doesn't have the form `"/pkg.Service/Method"`.
pub fn client_streaming<'a, Q, P, F, O>(
    name: &'static str,
    run: &'a F,
) -> TestNext<'a, MessageStream<Q>, P, Q, P, F>
where
    Q: Send + 'static,
    P: Send + 'static,
    F: Fn(Request<MessageStream<Q>>) -> O,
    O: Future<Output = Answer<P>>,
{
    TestNext::new(name, RpcKind::ClientStreaming, run, |_| None)
}

/// Creates the `next` of a server-streaming RPC.
///
/// # Panics
///
/// Panics if the name doesn't have the form `"/pkg.Service/Method"`.
pub fn server_streaming<'a, Q, P, F, O>(
    name: &'static str,
    run: &'a F,
) -> TestNext<'a, Q, MessageStream<P>, Q, P, F>
where
    Q: Clone + Send + 'static,
    P: Send + 'static,
    F: Fn(Request<Q>) -> O,
    O: Future<Output = Answer<MessageStream<P>>>,
{
    TestNext::new(name, RpcKind::ServerStreaming, run, |message| Some(message.clone()))
}

/// Creates the `next` of a bidirectional RPC.
///
/// # Panics
///
/// Panics if the name doesn't have the form `"/pkg.Service/Method"`.
pub fn bidirectional<'a, Q, P, F, O>(
    name: &'static str,
    run: &'a F,
) -> TestNext<'a, MessageStream<Q>, MessageStream<P>, Q, P, F>
where
    Q: Send + 'static,
    P: Send + 'static,
    F: Fn(Request<MessageStream<Q>>) -> O,
    O: Future<Output = Answer<MessageStream<P>>>,
{
    TestNext::new(name, RpcKind::Bidirectional, run, |_| None)
}

/// A [`Next`] built from a closure by a function of [this module](self).
///
/// It is on the server side, unless [`on_client`](TestNext::on_client) says otherwise.
pub struct TestNext<'a, Q, P, QM, PM, F> {
    context: Context,
    run: &'a F,
    clone: fn(&Q) -> Option<Q>,
    types: Types<P, QM, PM>,
}

impl<'a, Q, P, QM, PM, F> TestNext<'a, Q, P, QM, PM, F> {
    fn new(name: &'static str, kind: RpcKind, run: &'a F, clone: fn(&Q) -> Option<Q>) -> Self {
        let name = MethodName::parse(name).expect("a name is \"/pkg.Service/Method\"");
        TestNext { context: context(name, kind, Side::Server), run, clone, types: PhantomData }
    }

    /// Moves it to the client side.
    #[must_use]
    pub fn on_client(self) -> Self {
        let (name, kind) = (self.context.method_name(), self.context.kind());
        TestNext { context: context(name, kind, Side::Client), ..self }
    }
}

/// Leaks the information about the RPC, which is static outside of tests.
fn context(name: MethodName<'static>, kind: RpcKind, side: Side) -> Context {
    new_context(Box::leak(Box::new(RpcInfo::new(name, kind, side))))
}

impl<Q, P, QM, PM, F> Clone for TestNext<'_, Q, P, QM, PM, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, P, QM, PM, F> Copy for TestNext<'_, Q, P, QM, PM, F> {}

impl<Q, P, QM, PM, F> Sealed for TestNext<'_, Q, P, QM, PM, F> {}

impl<Q, P, QM, PM, F> fmt::Debug for TestNext<'_, Q, P, QM, PM, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestNext").field("context", &self.context).finish_non_exhaustive()
    }
}

#[diagnostic::do_not_recommend]
impl<Q, P, QM, PM, F, O> Next for TestNext<'_, Q, P, QM, PM, F>
where
    Q: Payload<QM>,
    P: Payload<PM>,
    QM: Send + 'static,
    PM: Send + 'static,
    F: Fn(Request<Q>) -> O + Sync,
    O: Future<Output = Answer<P>> + Send,
{
    type Request = Q;
    type Response = P;
    type RequestMessage = QM;
    type ResponseMessage = PM;

    fn run(self, request: Request<Q>) -> impl Future<Output = Outcome<Self>> + Send {
        (self.run)(match self.context.side() {
            // As on the wire.
            Side::Client => request.map(|payload| payload.wrap_stream(InItsScopes)),
            Side::Server => request,
        })
    }

    fn context(&self) -> Context {
        self.context
    }

    fn with_context(self, context: Context) -> Self {
        TestNext { context: self.context.with_deadline_of(context), ..self }
    }

    fn clone_payload(&self, payload: &Q) -> Option<Q> {
        (self.clone)(payload)
    }

    fn note_timeout_in(&mut self, metadata: &MetadataMap) -> Context {
        if self.context.side() == Side::Client {
            self.context.note_timeout_in(metadata);
        }
        self.context
    }
}

/// Available if the closure is `Clone`.
impl<Q, P, QM, PM, F, O> Detach for TestNext<'_, Q, P, QM, PM, F>
where
    Q: Payload<QM>,
    P: Payload<PM>,
    QM: Send + 'static,
    PM: Send + 'static,
    F: Fn(Request<Q>) -> O + Clone + Send + Sync + 'static,
    O: Future<Output = Answer<P>> + Send,
{
    type Owned = (Context, F, fn(&Q) -> Option<Q>);
    type Borrowed<'b> = TestNext<'b, Q, P, QM, PM, F>;

    fn into_owned(self) -> Self::Owned {
        (self.context, self.run.clone(), self.clone)
    }

    fn borrow((context, run, clone): &Self::Owned) -> Self::Borrowed<'_> {
        TestNext { context: *context, run, clone: *clone, types: PhantomData }
    }
}

struct InItsScopes;

impl WrapStream for InItsScopes {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.in_its_scopes()
    }
}
