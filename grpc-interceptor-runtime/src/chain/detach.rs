//! The rest of a chain without any borrows, for use in a separate task.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use tonic::{Request, Response, Status};

use super::next::Next;
use crate::Context;

/// A [`Next`] that can be detached from its call.
///
/// Detach it to let a call finish after its client has disconnected, to run attempts in several
/// tasks at once, or to call again from inside a stream.
///
/// [`Next::run`] borrows the service and the interceptors, so its future can't be passed to
/// `tokio::spawn`. An interceptor that needs to do that adds this bound:
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{Context, Detach, Interceptor, Next, Outcome};
/// use tonic::{Request, Status};
///
/// /// Lets a handler finish even if its client has disconnected.
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
/// A chain can be detached if everything it borrows can be shared:
///
/// - on a server, for interceptors passed to `with_interceptors`, and for those of an
///   `#[intercepted]` impl whose methods take `self: Arc<Self>`;
/// - on a client, if its transport is `Clone`;
/// - in an [`InterceptorLayer`](crate::InterceptorLayer), always.
///
/// Detaching clones a tuple, so all of its interceptors have to be `Clone`: wrap the others in an
/// `Arc`. Interceptors in a [`List`](crate::List) can't detach their `next`.
///
/// A spawned task runs outside the [scopes](crate::Scope) around this interceptor, and outside any
/// `CatchPanic` there. A panic surfaces as the error from joining the task.
#[diagnostic::on_unimplemented(
    message = "the rest of this chain can't be detached from its call: it borrows the service, or interceptors \
               that aren't `Clone`",
    label = "can't be detached here",
    note = "use the generated server's `with_interceptors(service, (interceptor,))`; in a tuple all interceptors \
            have to be `Clone`, so put an `Arc` around those that aren't; a `List` can't be detached"
)]
pub trait Detach: Next {
    /// Returns the rest of the chain without any borrows.
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

    /// Everything the chain borrows, shared.
    #[doc(hidden)]
    type Owned: Clone + Send + Sync + 'static;

    /// The same chain, borrowing from [`Owned`](Self::Owned).
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

/// The rest of a chain, detached from its call. Created by [`Detach::detach`].
///
/// `Q` and `P` are the payload types of the request and the response.
///
/// A clone is the same chain. Each run makes one or two allocations.
pub struct Detached<Q, P> {
    context: Context,
    run: Arc<dyn Fn(Request<Q>) -> BoxFuture<P> + Send + Sync>,
}

impl<Q, P> Detached<Q, P> {
    /// Runs the rest of the chain, like [`Next::run`]. The future is `'static`.
    ///
    /// # Errors
    ///
    /// Returns the [`Status`] that the handler or an inner interceptor failed with.
    pub fn run(
        &self,
        request: Request<Q>,
    ) -> impl Future<Output = Result<Response<P>, Status>> + Send + use<Q, P> {
        (self.run)(request)
    }

    /// Returns the context that the rest of the chain sees.
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
