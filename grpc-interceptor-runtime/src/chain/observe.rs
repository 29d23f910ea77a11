use tonic::{Request, metadata::MetadataMap};

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
    observation::ObservedCall,
};
use crate::{CallEnd, Context};

/// Watches calls from their start to their end: what a log, metrics or traces are made of. See
/// [`observe`].
///
/// `Q` and `P` are the types of the request's and the response's messages. An observer that doesn't look
/// into messages is for all of them: `impl<Q, P> Observer<Q, P> for …`.
pub trait Observer<Q, P>: Send + Sync {
    /// One call.
    type Call: ObservedCall<Q, P>;

    /// A call begins, with this metadata of its request.
    fn start(&self, context: &Context, metadata: &MetadataMap) -> Self::Call;
}

/// An interceptor that has an [`Observer`] watch each call: its messages in both directions, and its
/// end, exactly once, whatever happens to it. It changes nothing.
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
/// /// How many calls are in flight.
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
/// Put it outside of whatever may refuse a call or make a status of a panic: it tells what the
/// interceptors inside of it made of the call. For the end alone there is [`on_call_end`], and inside
/// of an interceptor of your own [`Next::on_call_end`](crate::Next::on_call_end). What it costs: see
/// [`Observed`](crate::Observed).
pub const fn observe<O>(observer: O) -> Observe<O> {
    Observe { observer }
}

/// An interceptor that has calls watched: made by [`observe`].
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

/// An interceptor that calls a closure at the end of each call, exactly once, whatever happens to it:
/// when it is complete, has failed, was dropped, is out of time or panicked.
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
/// The closure is cloned for each call, as a response's stream may live longer than the interceptor.
pub const fn on_call_end<F>(on_end: F) -> OnCallEnd<F>
where
    F: Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static,
{
    OnCallEnd { on_end }
}

/// An interceptor that calls a closure at the end of each call: made by [`on_call_end`].
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
