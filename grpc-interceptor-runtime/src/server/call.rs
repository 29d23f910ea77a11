use std::{
    future::Future,
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Request, Response, Status};

use super::{Returns, Takes};
use crate::{Context, Interceptor, MethodName, Next, Outcome, RpcKind, Side};

/// Runs a whole chain: from what tonic hands to a service's method to what it wants back.
///
/// Nothing is boxed and no future is put around the chain but one that converts its output.
#[inline]
pub fn serve<T, R, N>(
    argument: T::Argument,
    name: MethodName<'static>,
    chain: impl FnOnce(Context) -> N,
) -> impl Future<Output = Result<Response<R::Sent>, Status>> + Send
where
    T: Takes,
    R: Returns,
    N: Next<Request = T::Payload, Response = R::Payload>,
{
    let request = T::request(argument);
    let kind = RpcKind::new(T::STREAM, R::STREAM);
    let context = Context::new(name, kind, Side::Server, request.metadata());
    Map { future: Next::run(chain(context), request), map: R::sent }
}

/// Calls an interceptor that was made for this call, and keeps it until it is done.
///
/// This says of the future that it is `Send`, so that the compiler doesn't have to look into it
/// where it is used, with lifetimes that it no longer knows there.
#[allow(clippy::manual_async_fn, reason = "an async fn says nothing of `Send`")]
pub fn intercept<N: Next, I: Interceptor<N>>(
    interceptor: I,
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> impl Future<Output = Outcome<N>> + Send {
    async move { interceptor.intercept(request, context, next).await }
}

/// The end of a chain: calls the handler.
#[inline]
pub fn handle<T, R, F>(
    request: Request<T::Payload>,
    handler: impl FnOnce(T::Argument) -> F,
) -> impl Future<Output = Result<Response<R::Payload>, Status>> + Send
where
    T: Takes,
    R: Returns,
    F: Future<Output = R::Returned> + Send,
{
    Map { future: handler(T::argument(request)), map: R::outcome }
}

pin_project! {
    /// A future with another output. An async block would do the same, and move the inner future
    /// once more.
    struct Map<F, M> {
        #[pin]
        future: F,
        map: M,
    }
}

impl<F, M, T> Future for Map<F, M>
where
    F: Future,
    M: Fn(F::Output) -> T,
{
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<T> {
        let this = self.project();
        let output = ready!(this.future.poll(context));
        Poll::Ready((this.map)(output))
    }
}
