use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Request, Response, Status};

use super::{Argument, ChainOutcome, ChainRequest, Link, Returned, Rpc, Sent};
use crate::{Context, Interceptor, Next, Outcome, RpcKind, Side};

/// What a method of tonic's trait returns.
pub(super) type Served<'a, R, T> =
    Pin<Box<dyn Future<Output = Result<Response<Sent<R, T>>, Status>> + Send + 'a>>;

/// Runs an RPC's whole chain: from what tonic hands to a service's method to what it wants back.
///
/// The box is the one that tonic's trait has. No future is put around the chain but one that
/// converts its output.
pub fn serve<'a, R, T>(service: &'a T, argument: R::Argument) -> Served<'a, R, T>
where
    T: Sync + 'a,
    R: Link<T, 0> + 'a,
{
    pinned(|| start::<R, T, _>(argument, move |request, context| R::run(service, request, context)))
}

/// The same where the service comes in an `Arc`.
pub fn serve_arc<'a, R, T>(service: Arc<T>, argument: R::Argument) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0, Argument: Send + 'a> + 'a,
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
    argument: R::Argument,
    run: impl FnOnce(ChainRequest<R, T>, Context) -> F,
) -> impl Future<Output = Result<Response<Sent<R, T>>, Status>> + Send
where
    R: Rpc<T>,
    F: Future<Output = ChainOutcome<R, T>> + Send,
{
    let request = argument.into_request();
    let kind = RpcKind::new(R::Argument::STREAM, R::Returned::STREAM);
    let context = Context::new(R::NAME, kind, Side::Server, request.metadata());
    Map {
        future: run(request, context),
        conversion: PhantomData::<fn() -> ToSend<R::Returned, R::ReturnedKind>>,
    }
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
    handler: impl FnOnce(R::Argument) -> F,
) -> impl Future<Output = ChainOutcome<R, T>> + Send
where
    R: Rpc<T>,
    F: Future<Output = R::Returned> + Send,
{
    Map {
        future: handler(R::Argument::from_request(request)),
        conversion: PhantomData::<fn() -> IntoOutcome<R::ReturnedKind>>,
    }
}

pin_project! {
    /// A future with another output. An async block would do the same, and move the inner future
    /// once more.
    struct Map<F, C> {
        #[pin]
        future: F,
        conversion: PhantomData<fn() -> C>,
    }
}

impl<F: Future, C: Conversion<F::Output>> Future for Map<F, C> {
    type Output = C::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<C::Output> {
        let output = ready!(self.project().future.poll(context));
        Poll::Ready(C::convert(output))
    }
}

/// What becomes of an output. It is a type, as a fn that is handed over is called through another,
/// which the compiler makes for each RPC.
trait Conversion<I> {
    type Output;

    fn convert(input: I) -> Self::Output;
}

/// From the handler into the chain.
struct IntoOutcome<K>(PhantomData<K>);

impl<K, R: Returned<K>> Conversion<R> for IntoOutcome<K> {
    type Output = Result<Response<R::Payload>, Status>;

    #[inline]
    fn convert(returned: R) -> Self::Output {
        returned.into_outcome()
    }
}

/// From the chain to tonic.
struct ToSend<R, K>(PhantomData<(R, K)>);

impl<K, R: Returned<K>> Conversion<Result<Response<R::Payload>, Status>> for ToSend<R, K> {
    type Output = Result<Response<R::Sent>, Status>;

    #[inline]
    fn convert(outcome: Result<Response<R::Payload>, Status>) -> Self::Output {
        R::sent(outcome)
    }
}
