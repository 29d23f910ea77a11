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

/// Counts calls, their durations and their messages.
///
/// The metrics are named as in [OpenTelemetry's conventions](Self::opentelemetry), as in [gRPC
/// itself](Self::grpc), or as [existing Prometheus dashboards expect](Self::prometheus).
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
/// // Set the provider first: the metrics look it up when they are created.
/// global::set_meter_provider(SdkMeterProvider::builder().build());
///
/// let metrics = Metrics::opentelemetry().register(Side::Server, greeter_server::METHODS);
/// let layer = InterceptorLayer::new(metrics).methods(greeter_server::METHODS);
/// let router = Server::builder().layer(layer).add_service(GreeterServer::new(MyGreeter));
/// ```
///
/// | | feature | records through |
/// | --- | --- | --- |
/// | [`Metrics::opentelemetry`] | `opentelemetry` | the OpenTelemetry API |
/// | [`Metrics::grpc`], [`grpc_calls`](Self::grpc_calls), [`grpc_attempts`](Self::grpc_attempts) | `opentelemetry` | the OpenTelemetry API |
/// | [`Metrics::prometheus`] | `metrics` | the `metrics` facade |
///
/// To use two of them, put both into the chain.
///
/// # The end of a call
///
/// Every call is counted exactly once, no matter how it ends: a dropped call as `CANCELLED`, a call
/// that ran out of time as `DEADLINE_EXCEEDED`, a failed stream with its own code. The duration
/// runs from the start of the call to its end, including its streams. In-flight counts always
/// return to zero.
///
/// Put it near the outside of the chain, so that it also counts the calls that inner interceptors
/// refuse. Put it inside a `Trace`, so that the call's span is current when the call is counted:
/// this is how backends attach exemplars.
///
/// On a client that retries, place it outside the retry to count calls, or inside to count
/// attempts.
///
/// # Bounded cardinality
///
/// Callers of a server can make up method names. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer), RPCs that the layer doesn't
/// know (see `methods` and `descriptors`) are counted together: as `_OTHER` under OpenTelemetry's
/// names, and as `other` under the other names. On a client the names come from its own code, so
/// they are always recorded.
///
/// A `Metrics` keeps at most [`MAX_SERIES`](Self::MAX_SERIES) combinations of side, method and
/// [labels](Self::labels). Beyond that, each label value becomes `other`; beyond twice that, the
/// method does as well.
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
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

    /// Creates the metrics of these RPCs up front, at zero.
    ///
    /// This makes the first failure visible to a query as an increase. The constant is part of
    /// generated code with `#[intercepted]`.
    ///
    /// Call it after the other methods. It has no effect on metrics with [labels](Self::labels),
    /// whose values aren't known before a call, or on OpenTelemetry histograms, which don't exist
    /// without a value.
    #[must_use]
    pub fn register(self, side: Side, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        if self.labels.is_none() {
            for (name, kind) in methods {
                self.of(Key::new(side, *kind, name.path(), Vec::new())).register();
            }
        }
        self
    }

    /// Adds custom labels (attributes in OpenTelemetry), computed from a call's context and its
    /// request metadata.
    ///
    /// ```
    /// # use grpc_interceptor::interceptors::Metrics;
    /// # fn labelled(metrics: Metrics) -> Metrics {
    /// metrics.labels(|_, metadata| {
    ///     // Never use the caller's raw value: each new value creates a new time series.
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
    /// If the closure panics, the call fails without being counted.
    #[must_use]
    pub fn labels(
        self,
        labels: impl Fn(&Context, &MetadataMap) -> Vec<(&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        Metrics { labels: Some(Arc::new(labels)), series: Arc::default(), ..self }
    }

    /// The number of combinations of side, method and [labels](Self::labels) after which label
    /// values become `other`.
    ///
    /// OpenTelemetry's SDK has a separate limit: 2,000 sets of attributes per metric, including the
    /// codes.
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

/// A call that is counted.
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
