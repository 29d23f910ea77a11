use tonic::{Request, metadata::MetadataMap};

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
    observation::ObservedCall,
};
use crate::{CallEnd, Context};

/// Watches calls from start to end, for logs, metrics or traces. See [`observe`].
///
/// `Q` and `P` are the types of the request and response messages. An observer that doesn't inspect
/// messages works for all types: `impl<Q, P> Observer<Q, P> for …`.
pub trait Observer<Q, P>: Send + Sync {
    /// The state of a single call.
    type Call: ObservedCall<Q, P>;

    /// Called when a call begins, with its request metadata.
    fn start(&self, context: &Context, metadata: &MetadataMap) -> Self::Call;
}

/// Creates an interceptor that reports each call to an [`Observer`].
///
/// The observer is notified of the messages in both directions and, exactly once, of the end,
/// however the call ends. The interceptor changes nothing.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{CallEnd, Context, ObservedCall, Observer, interceptors::observe};
/// use std::sync::{
///     Arc,
///     atomic::{AtomicUsize, Ordering},
/// };
/// use tonic::metadata::MetadataMap;
///
/// /// Counts the calls in flight.
/// #[derive(Clone, Default)]
/// struct InFlight(Arc<AtomicUsize>);
///
/// impl<Q, P> Observer<Q, P> for InFlight {
///     type Call = InFlight;
///
///     fn start(&self, _: &Context, _: &MetadataMap) -> InFlight {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         self.clone()
///     }
/// }
///
/// impl<Q, P> ObservedCall<Q, P> for InFlight {
///     fn end(&self, _: &CallEnd<'_>) {
///         self.0.fetch_sub(1, Ordering::Relaxed);
///     }
/// }
///
/// let in_flight = InFlight::default();
/// let server = GreeterServer::with_interceptors(MyGreeter, observe(in_flight.clone()));
/// ```
///
/// Place it outside any interceptor that can refuse a call or turn a panic into a status: the
/// observer reports the call as the interceptors inside it left it. To observe only the end, use
/// [`on_call_end`], or [`Next::on_call_end`](crate::Next::on_call_end) inside your own interceptor.
/// For the cost, see [`Observed`](crate::Observed).
pub const fn observe<O>(observer: O) -> Observe<O> {
    Observe { observer }
}

/// An interceptor that reports calls to an observer. Created by [`observe`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Observe<O> {
    observer: O,
}

impl<N, O> Interceptor<N> for Observe<O>
where
    N: Next,
    O: Observer<N::RequestMessage, N::ResponseMessage>,
{
    #[inline]
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let call = self.observer.start(&context, request.metadata());
        next.observed_by(call).run(request)
    }
}

/// Creates an interceptor that calls a closure at the end of each call.
///
/// The closure runs exactly once per call, whether the call completes, fails, is dropped, times out
/// or panics.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::interceptors::on_call_end;
///
/// let log = on_call_end(|context, end| {
///     println!("{} {:?} after {:?}", context.method_name(), end.code(), end.elapsed());
/// });
/// let server = GreeterServer::with_interceptors(MyGreeter, log);
/// ```
///
/// The closure is cloned for each call, because a response stream can outlive the interceptor.
pub const fn on_call_end<F>(on_end: F) -> OnCallEnd<F>
where
    F: Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static,
{
    OnCallEnd { on_end }
}

/// An interceptor that calls a closure at the end of each call. Created by [`on_call_end`].
#[derive(Clone, Copy, Debug)]
pub struct OnCallEnd<F> {
    on_end: F,
}

impl<N, F> Interceptor<N> for OnCallEnd<F>
where
    N: Next,
    F: Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static,
{
    #[inline]
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let on_end = self.on_end.clone();
        next.on_call_end(move |end| on_end(&context, end)).run(request)
    }
}
