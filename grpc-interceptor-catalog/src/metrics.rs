#[cfg(feature = "opentelemetry")]
mod grpc;
#[cfg(feature = "opentelemetry")]
mod in_flight;
mod of_method;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
#[cfg(feature = "metrics")]
mod prometheus;
mod series;
mod vocabulary;

use std::{fmt, future::Future, sync::Arc};

use grpc_interceptor_runtime::{
    CallEnd, Context, Interceptor, MethodName, Next, ObservedCall, Outcome, RpcKind, Side,
};
use tonic::{Request, metadata::MetadataMap};

use of_method::OfMethod;
use series::{Key, Series};
use vocabulary::Vocabulary;

/// Counts calls, their time and their messages: in [OpenTelemetry's names](Self::opentelemetry), in
/// [gRPC's own](Self::grpc), or in [those that Prometheus' dashboards know](Self::prometheus).
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{InterceptorLayer, Side, interceptors::Metrics};
/// use opentelemetry::global;
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use tonic::transport::Server;
///
/// // Before the metrics: they ask for it when they are made. `opentelemetry-otlp` has an exporter that sends.
/// global::set_meter_provider(SdkMeterProvider::builder().build());
///
/// let metrics = Metrics::opentelemetry().register(Side::Server, greeter_server::METHODS);
/// let layer = InterceptorLayer::new(metrics).methods(greeter_server::METHODS);
/// let router = Server::builder().layer(layer).add_service(GreeterServer::new(MyGreeter));
/// ```
///
/// | | needs the feature | counts through |
/// | --- | --- | --- |
/// | [`Metrics::opentelemetry`] | `opentelemetry` | OpenTelemetry's API |
/// | [`Metrics::grpc`], [`grpc_calls`](Self::grpc_calls), [`grpc_attempts`](Self::grpc_attempts) | `opentelemetry` | OpenTelemetry's API |
/// | [`Metrics::prometheus`] | `metrics` | the `metrics` facade |
///
/// To have two of them, put both into the chain.
///
/// # The end of a call
///
/// It is counted exactly once, whatever happens to the call: a call that is dropped as CANCELLED, one whose time is over
/// as DEADLINE_EXCEEDED, a stream that fails with the code it fails with. A call's time goes from its start to its end, the
/// end of its streams included. What is in flight comes back to zero.
///
/// Put it on the outside of a chain, so that calls are counted that interceptors inside of it refuse, and inside of a
/// `Trace`, so that the call's span is current when it is counted: that is what a backend makes exemplars of.
///
/// On a client with a retry, what is outside of the retry counts calls, and what is inside counts attempts.
///
/// # No label without bounds
///
/// A server's callers may make up names. In an [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) the RPCs
/// that the layer wasn't told of (`methods`, `descriptors`) are counted together: as `_OTHER` in OpenTelemetry's names, as
/// `other` in the others'. A client's own code names what it calls, so there the name is told.
///
/// A `Metrics` keeps [`MAX_SERIES`](Self::MAX_SERIES) sets of side, method and [labels](Self::labels). In those after that, each
/// label is `other`; after twice as many, so is the method.
#[derive(Clone)]
pub struct Metrics {
    vocabulary: Vocabulary,
    labels: Option<Labels>,
    series: Arc<Series>,
}

type Labels = Arc<dyn Fn(&Context, &MetadataMap) -> Vec<(&'static str, String)> + Send + Sync>;

impl Metrics {
    fn new(vocabulary: Vocabulary) -> Self {
        Metrics { vocabulary, labels: None, series: Arc::default() }
    }

    /// Has the metrics of these RPCs there from the start, at zero: so that the first failure is an increase, which a
    /// query can see. The constant is in generated code with `#[intercepted]`.
    ///
    /// Call it after the other methods. It does nothing for metrics with [labels](Self::labels), whose values nobody knows
    /// before a call, and nothing for histograms of OpenTelemetry, which can't be there without a value.
    #[must_use]
    pub fn register(self, side: Side, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        if self.labels.is_none() {
            for (name, kind) in methods {
                self.of(Key::new(side, *kind, name.path(), Vec::new())).register();
            }
        }
        self
    }

    /// Adds labels of your own (OpenTelemetry: attributes), made of a call's context and its request metadata.
    ///
    /// ```
    /// # use grpc_interceptor::interceptors::Metrics;
    /// # fn labelled(metrics: Metrics) -> Metrics {
    /// metrics.labels(|_, metadata| {
    ///     // Never what a caller wrote: each new value is a new time series.
    ///     let plan = match metadata.get("plan").map(|plan| plan.as_bytes()) {
    ///         Some(b"free") => "free",
    ///         Some(b"paid") => "paid",
    ///         _ => "none",
    ///     };
    ///     vec![("plan", plan.to_owned())]
    /// })
    /// # }
    /// ```
    ///
    /// A panic in the closure fails the call before it is counted.
    #[must_use]
    pub fn labels(
        self,
        labels: impl Fn(&Context, &MetadataMap) -> Vec<(&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        Metrics { labels: Some(Arc::new(labels)), series: Arc::default(), ..self }
    }

    /// After how many sets of side, method and [labels](Self::labels) a label is `other`. OpenTelemetry's SDK has a limit of
    /// its own, of 2,000 sets of attributes for each metric, the codes included.
    pub const MAX_SERIES: usize = 1000;

    fn start(&self, context: &Context, metadata: &MetadataMap) -> Arc<dyn OfMethod> {
        let labels = self.labels.as_ref().map_or_else(Vec::new, |labels| labels(context, metadata));
        let path = context.method_name().path();
        let method = self.of(Key::new(context.side(), context.kind(), path, labels));
        method.start();
        method
    }

    fn of(&self, key: Key) -> Arc<dyn OfMethod> {
        self.series.of(key, |key| self.vocabulary.of_method(key))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl<N: Next> Interceptor<N> for Metrics {
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let method = self.start(&context, request.metadata());
        next.observed_by(Counted(method)).run(request)
    }
}

/// One call that is counted.
struct Counted(Arc<dyn OfMethod>);

impl<Q, P> ObservedCall<Q, P> for Counted {
    const LOOKS_AT_MESSAGES: bool = false;

    fn request_passed(&self) {
        self.0.request();
    }

    fn response_passed(&self) {
        self.0.response();
    }

    fn end(&self, end: &CallEnd<'_>) {
        self.0.end(end.code(), end.elapsed());
    }
}
