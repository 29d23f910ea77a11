//! The rest of a chain that borrows nothing: for a task of its own.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use tonic::{Request, Response, Status};

use super::next::Next;
use crate::Context;

/// A [`Next`] that can be detached from its call: to go on in a task when the call is dropped, to try
/// on several tasks at once, to call again from inside of a stream.
///
/// [`Next::run`] borrows the service and the interceptors, so that it can't go into `tokio::spawn`. An
/// interceptor that needs that asks for this bound, too:
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{Context, Detach, Interceptor, Next, Outcome};
/// use tonic::{Request, Status};
///
/// /// Lets a handler finish though its client has left.
/// #[derive(Clone)]
/// struct Finish;
///
/// impl<N: Next + Detach> Interceptor<N> for Finish {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         let call = tokio::spawn(next.detach().run(request));
///         call.await.unwrap_or_else(|_| Err(Status::internal("the handler panicked")))
///     }
/// }
///
/// let server = GreeterServer::with_interceptors(MyGreeter, (Finish,));
/// ```
///
/// A chain can be detached if what it borrows can be shared:
///
/// - on a server, for interceptors that were given when the server was created, and for those of an
///   `#[intercepted]` impl if its methods take `self: Arc<Self>`;
/// - on a client, if its transport is `Clone`;
/// - in an [`InterceptorLayer`](crate::InterceptorLayer), always.
///
/// All interceptors of a tuple have to be `Clone`, as the tuple is cloned: put those that aren't into an
/// `Arc`. In a [`List`](crate::List) nothing can be detached.
///
/// What runs in a task of its own is outside of the [scopes](crate::Scope) around this interceptor, and so
/// outside of a `CatchPanic` there: a panic is what joining the task tells.
#[diagnostic::on_unimplemented(
    message = "the rest of this chain can't be detached from its call: it borrows the service, or interceptors \
               that aren't `Clone`",
    label = "can't be detached here",
    note = "give the interceptor where the server is created: `GreeterServer::with_interceptors(service, \
            (interceptor,))`; in a tuple all interceptors have to be `Clone`, so put an `Arc` around those that \
            aren't; a `List` can't be detached"
)]
pub trait Detach: Next {
    /// The rest of the chain, which borrows nothing.
    fn detach(self) -> Detached<Self::Request, Self::Response> {
        let (context, owned) = (self.context(), self.into_owned());
        Detached {
            context,
            run: Arc::new(move |request| {
                let owned = owned.clone();
                Box::pin(async move { Self::borrow(&owned).run(request).await })
            }),
        }
    }

    /// What it borrows, shared.
    #[doc(hidden)]
    type Owned: Clone + Send + Sync + 'static;

    /// The same, borrowed from that.
    #[doc(hidden)]
    type Borrowed<'a>: Next<
            Request = Self::Request,
            Response = Self::Response,
            RequestMessage = Self::RequestMessage,
            ResponseMessage = Self::ResponseMessage,
        >;

    #[doc(hidden)]
    fn into_owned(self) -> Self::Owned;

    #[doc(hidden)]
    fn borrow(owned: &Self::Owned) -> Self::Borrowed<'_>;
}

type BoxFuture<P> = Pin<Box<dyn Future<Output = Result<Response<P>, Status>> + Send>>;

/// The rest of a chain, detached from its call: made by [`Detach::detach`]. `Q` and `P` are what travels
/// as the request and as the response.
///
/// A clone is the same chain. Each run takes an allocation or two.
pub struct Detached<Q, P> {
    context: Context,
    run: Arc<dyn Fn(Request<Q>) -> BoxFuture<P> + Send + Sync>,
}

impl<Q, P> Detached<Q, P> {
    /// Runs the rest of the chain, as [`Next::run`] does. The future is `'static`.
    ///
    /// # Errors
    ///
    /// The [`Status`] that the handler, or an interceptor inside of this one, failed with.
    pub fn run(
        &self,
        request: Request<Q>,
    ) -> impl Future<Output = Result<Response<P>, Status>> + Send + use<Q, P> {
        (self.run)(request)
    }

    /// The context that the rest of the chain sees.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context
    }
}

impl<Q, P> Clone for Detached<Q, P> {
    fn clone(&self) -> Self {
        Detached { context: self.context, run: self.run.clone() }
    }
}

impl<Q, P> fmt::Debug for Detached<Q, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Detached").field("context", &self.context).finish_non_exhaustive()
    }
}
