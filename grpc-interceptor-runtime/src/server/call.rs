use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Request, Response, Status};

use super::{Argument, ChainOutcome, ChainRequest, Hold, Link, Returned, Rpc, Sent};
use crate::{Context, Interceptor, Next, Outcome};

/// What a method of tonic's trait returns.
pub type Served<'a, R, T> =
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
    start::<R, T, _>(argument, move |request, context| R::run(service, request, context))
}

/// The same for a service that comes in an `Arc`.
pub fn serve_arc<'a, R, T>(service: Arc<T>, argument: R::Argument) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0> + 'a,
{
    start::<R, Arc<T>, _>(argument, |request, context| async move {
        R::run(&service, request, context).await
    })
}

/// Starts what is to be run with what tonic hands over, and converts its outcome for tonic.
///
/// `Box::pin` may fail to get a box, so that the future, which holds the whole chain, is made outside
/// and moved into it. If the box is there before it, nothing is moved, as long as all that makes
/// the future is inlined.
#[inline(always)]
pub(super) fn start<'a, R, T, F>(
    argument: R::Argument,
    run: impl FnOnce(ChainRequest<R, T>, Context) -> F,
) -> Served<'a, R, T>
where
    T: 'a,
    R: Rpc<T> + 'a,
    F: Future<Output = ChainOutcome<R, T>> + Send + 'a,
{
    let place = Box::new_uninit();
    let request = argument.into_request();
    let context = Context::new(R::INFO, request.metadata()).with_carried(request.extensions());
    let future = ToTonic::<F, R, T> { future: run(request, context), rpc: PhantomData };
    let future = Box::write(place, future);
    Box::into_pin(future)
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
pub fn handle<R, T, F, H>(
    request: ChainRequest<R, T>,
    handler: impl FnOnce(R::Argument) -> F,
) -> impl Future<Output = ChainOutcome<R, T>> + Send
where
    R: Rpc<T>,
    F: Future<Output = R::Returned> + Send,
    H: Hold<F, Held: Future<Output = R::Returned> + Send>,
{
    let future = H::hold(handler(R::Argument::from_request(request)));
    IntoChain::<H::Held, R::ReturnedKind> { future, returned: PhantomData }
}

// What these two do, an async block would do as well, and move the future in it once more.

pin_project! {
    /// What a handler returns goes into the chain.
    struct IntoChain<F, K> {
        #[pin]
        future: F,
        returned: PhantomData<fn() -> K>,
    }
}

impl<F: Future<Output: Returned<K>>, K> Future for IntoChain<F, K> {
    type Output = Result<Response<<F::Output as Returned<K>>::Payload>, Status>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let returned = ready!(self.project().future.poll(context));
        Poll::Ready(returned.into_outcome())
    }
}

pin_project! {
    /// What comes out of the chain goes to tonic.
    struct ToTonic<F, R, T> {
        #[pin]
        future: F,
        rpc: PhantomData<fn() -> (R, T)>,
    }
}

impl<F, R, T> Future for ToTonic<F, R, T>
where
    F: Future<Output = ChainOutcome<R, T>>,
    R: Rpc<T>,
{
    type Output = Result<Response<Sent<R, T>>, Status>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.project().future.poll(context));
        Poll::Ready(R::Returned::sent(outcome))
    }
}
