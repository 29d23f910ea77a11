use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Request, Response, Status};

use super::{ChainOutcome, ChainRequest, Link, Returns, Rpc, Takes};
use crate::{Context, Interceptor, Next, Outcome, RpcKind, Side};

/// What a method of tonic's trait returns.
pub(super) type Served<'a, R, T> = Pin<
    Box<
        dyn Future<Output = Result<Response<<<R as Rpc<T>>::Returns as Returns>::Sent>, Status>>
            + Send
            + 'a,
    >,
>;

/// Runs an RPC's whole chain: from what tonic hands to a service's method to what it wants back.
///
/// The box is the one that tonic's trait has. No future is put around the chain but one that
/// converts its output.
pub fn serve<'a, R, T>(service: &'a T, argument: <R::Takes as Takes>::Argument) -> Served<'a, R, T>
where
    T: Sync + 'a,
    R: Link<T, 0> + 'a,
{
    pinned(|| start::<R, T, _>(argument, move |request, context| R::run(service, request, context)))
}

/// The same where the service comes in an `Arc`.
pub fn serve_arc<'a, R, T>(
    service: Arc<T>,
    argument: <R::Takes as Takes>::Argument,
) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0, Takes: Takes<Argument: Send + 'a>> + 'a,
{
    pinned(|| async move {
        start::<R, Arc<T>, _>(argument, |request, context| R::run(&service, request, context)).await
    })
}

/// Makes a future in its box, which is there before it.
///
/// `Box::pin` may fail to get a box, so that the future, which holds the whole chain, is made outside
/// and moved into it. This moves nothing, as long as all that makes the future is inlined.
#[inline(always)]
pub(super) fn pinned<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), make()))
}

/// Starts what is to be run with what tonic hands over, and converts its outcome for tonic.
#[inline(always)]
pub(super) fn start<R, T, F>(
    argument: <R::Takes as Takes>::Argument,
    run: impl FnOnce(ChainRequest<R, T>, Context) -> F,
) -> impl Future<Output = Result<Response<<R::Returns as Returns>::Sent>, Status>> + Send
where
    R: Rpc<T>,
    F: Future<Output = ChainOutcome<R, T>> + Send,
{
    let request = R::Takes::request(argument);
    let kind = RpcKind::new(R::Takes::STREAM, R::Returns::STREAM);
    let context = Context::new(R::NAME, kind, Side::Server, request.metadata());
    Map { future: run(request, context), map: R::Returns::sent }
}

/// Calls an interceptor that was made for this call, and keeps it until it is done.
///
/// This says of the future that it is `Send`, so that the compiler doesn't have to look into it
/// where it is used, with lifetimes that it no longer knows there.
pub fn intercept<N: Next, I: Interceptor<N>>(
    interceptor: I,
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> impl Future<Output = Outcome<N>> + Send {
    async move { interceptor.intercept(request, context, next).await }
}

/// The end of an RPC's chain: calls the handler.
#[inline]
pub fn handle<R, T, F>(
    request: ChainRequest<R, T>,
    handler: impl FnOnce(<R::Takes as Takes>::Argument) -> F,
) -> impl Future<Output = ChainOutcome<R, T>> + Send
where
    R: Rpc<T>,
    F: Future<Output = <R::Returns as Returns>::Returned> + Send,
{
    Map { future: handler(R::Takes::argument(request)), map: R::Returns::outcome }
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
