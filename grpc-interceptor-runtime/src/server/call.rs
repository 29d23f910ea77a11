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

/// The return type of a method of tonic's trait.
pub type Served<'a, R, T> =
    Pin<Box<dyn Future<Output = Result<Response<Sent<R, T>>, Status>> + Send + 'a>>;

/// Runs an RPC's whole chain: takes tonic's argument for a service's method, and returns tonic's
/// result.
///
/// The box is the one that tonic's trait requires. The chain is wrapped in only one more future,
/// which converts its output.
pub fn serve<'a, R, T>(service: &'a T, argument: R::Argument) -> Served<'a, R, T>
where
    T: Sync + 'a,
    R: Link<T, 0> + 'a,
{
    start::<R, T, _>(argument, move |request, context| R::run(service, request, context))
}

/// Does the same for a service in an `Arc`.
pub fn serve_arc<'a, R, T>(service: Arc<T>, argument: R::Argument) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0> + 'a,
{
    start::<R, Arc<T>, _>(argument, |request, context| async move {
        R::run(&service, request, context).await
    })
}

/// Starts a future with tonic's argument, and converts its outcome for tonic.
///
/// The allocation in `Box::pin` can fail, so the future, which holds the whole chain, is normally
/// created outside the box and moved into it. If the box is allocated first, nothing is moved, as
/// long as everything that creates the future is inlined.
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

/// Calls an interceptor that was created for this call, and keeps it alive until the call is done.
///
/// The return type declares that the future is `Send`, so the compiler doesn't have to check its
/// contents at the use site, where it no longer knows the lifetimes.
pub fn intercept<N: Next, I: Interceptor<N>>(
    interceptor: I,
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> impl Future<Output = Outcome<N>> + Send {
    async move { interceptor.intercept(request, context, next).await }
}

/// Ends an RPC's chain by calling the handler.
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

// An async block would work in place of these two futures, but would move the inner future once
// more.

pin_project! {
    /// Converts a handler's result for the chain.
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
    /// Converts the chain's outcome for tonic.
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
