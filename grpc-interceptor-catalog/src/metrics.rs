mod prometheus;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, PoisonError, RwLock},
};

use grpc_interceptor_runtime::{
    CallEnd, Context, Interceptor, MethodName, Next, ObservedCall, Outcome, RpcKind, Side,
};
use tonic::Request;

use prometheus::OfMethod;

/// Counts calls, their messages and their time, under the names that go-grpc-middleware gave them: so its dashboards and
/// alerts for Prometheus work. It counts through the [`metrics`](::metrics) facade, so whatever exporter you have is fine.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{InterceptorLayer, Side, interceptors::Metrics};
/// use grpc_interceptor_proto::default_stubs::greeter_server;
/// use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
/// use tonic::transport::Server;
///
/// // Before the first call: what is counted before there is an exporter is lost.
/// let exporter = PrometheusBuilder::new()
///     .set_buckets_for_metric(Matcher::Suffix("_handling_seconds".to_owned()), &Metrics::BUCKETS)?
///     .install_recorder()?;
///
/// let metrics = Metrics::prometheus().register(Side::Server, greeter_server::METHODS);
/// let layer = InterceptorLayer::new(metrics).methods(greeter_server::METHODS);
/// let router = Server::builder().layer(layer).add_service(GreeterServer::new(MyGreeter));
///
/// assert!(exporter.render().contains("grpc_server_started_total{"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | metric | type | counts |
/// | --- | --- | --- |
/// | `grpc_server_started_total` | counter | calls that have begun |
/// | `grpc_server_handled_total` | counter | calls that have ended, by `grpc_code` |
/// | `grpc_server_msg_received_total` | counter | request messages |
/// | `grpc_server_msg_sent_total` | counter | response messages |
/// | `grpc_server_handling_seconds` | histogram | from a call's start to its end, the end of its streams included |
/// | `grpc_server_in_flight` | gauge | calls that have begun and not ended; this one is ours |
///
/// On a client they begin with `grpc_client_`, and there it is the responses that are received. Labels: `grpc_type`
/// (`unary`, `client_stream`, `server_stream`, `bidi_stream`), `grpc_service` (`pkg.Service`), `grpc_method`, and
/// `grpc_code` as Go writes it (`OK`, `NotFound`, `Canceled`).
///
/// # Buckets
///
/// It is the exporter that knows the buckets of a histogram. `metrics-exporter-prometheus` makes a summary of one that it
/// wasn't told any for, without the `grpc_server_handling_seconds_bucket` that dashboards ask for. So tell it
/// [`BUCKETS`](Self::BUCKETS), as above, or your own.
///
/// # The end of a call
///
/// It is counted exactly once, whatever happens to the call: a call that is dropped as `Canceled`, one whose time
/// is over as `DeadlineExceeded`, a stream that fails with the code it fails with.
///
/// Put it on the outside of a chain, so that calls are counted that interceptors inside of it refuse. On a client with a
/// retry, what is outside of the retry counts calls, and what is inside counts attempts.
///
/// # No label without bounds
///
/// A server's callers may make up names. In an [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) the
/// RPCs that the layer wasn't told of (`methods`, `descriptors`) are counted together, with `other` as their service and
/// method, and `unknown` as their type.
#[derive(Clone)]
pub struct Metrics {
    methods: Arc<RwLock<HashMap<Key, Arc<OfMethod>>>>,
}

/// An RPC on a side. A name alone is for ever, and there are few of them: see [`key_of`].
type Key = (Side, RpcKind, &'static str);

impl Metrics {
    /// Buckets for the histogram of a call's time, in seconds: those of Prometheus' Go client, which
    /// go-grpc-middleware has unless it is told others.
    pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// Counts calls through the `metrics` facade.
    #[must_use]
    pub fn prometheus() -> Self {
        prometheus::describe();
        Metrics { methods: Arc::default() }
    }

    /// Has the metrics of these RPCs there from the start, at zero: so that the first failure is an increase, which
    /// Prometheus can see. The constant is in generated code with `#[intercepted]`.
    #[must_use]
    pub fn register(self, side: Side, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        for (name, kind) in methods {
            self.of((side, *kind, name.path())).register();
        }
        self
    }

    fn of(&self, key: Key) -> Arc<OfMethod> {
        let found = self.methods.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        found.unwrap_or_else(|| {
            let mut methods = self.methods.write().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(OfMethod::new(key.0, key.1, key.2));
            methods.entry(key).or_insert_with(new).clone()
        })
    }
}

/// All RPCs whose kind isn't known have one: anybody may make up a name.
fn key_of(context: &Context) -> Key {
    let path = match context.kind() {
        RpcKind::Unknown => "/other/other",
        _ => context.method_name().path(),
    };
    (context.side(), context.kind(), path)
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
        let metrics = self.of(key_of(&context));
        metrics.start();
        next.observed_by(Counted(metrics)).run(request)
    }
}

/// One call that is counted.
struct Counted(Arc<OfMethod>);

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
