//! The names from gRPC's proposal A66.

mod method;

use grpc_interceptor_runtime::Side;
use opentelemetry::{
    InstrumentationScope, KeyValue, global,
    metrics::{Counter, Histogram, Meter, MeterProvider, UpDownCounter},
};

use self::method::Method;
use super::{Metrics, in_flight::in_flight, series::Key, vocabulary::Vocabulary};
use crate::otel::target::without_user;

/// A66's bucket boundaries for durations, in seconds.
const SECONDS: [f64; 41] = [
    0.0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005,
    0.006, 0.008, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16,
    0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0,
];

#[cfg(feature = "opentelemetry")]
impl Metrics {
    /// Records through the OpenTelemetry API, under gRPC's own names.
    ///
    /// They are defined in gRPC's proposal
    /// [A66](https://github.com/grpc/proposal/blob/master/A66-otel-stats.md), and gRPC uses them in
    /// C++, Java, Go and Python.
    ///
    /// | metric | type | unit | attributes |
    /// | --- | --- | --- | --- |
    /// | `grpc.server.call.started` | counter | `{call}` | `grpc.method` |
    /// | `grpc.server.call.duration` | histogram | `s` | `grpc.method`, `grpc.status` |
    /// | `grpc.client.attempt.started` | counter | `{attempt}` | `grpc.method`, `grpc.target` |
    /// | `grpc.client.attempt.duration` | histogram | `s` | `grpc.method`, `grpc.target`, `grpc.status` |
    /// | `grpc.client.call.duration` | histogram | `s` | `grpc.method`, `grpc.target`, `grpc.status` |
    /// | `grpc_interceptor.server.in_flight`, `grpc_interceptor.client.in_flight` | up-down counter | `{call}` | `grpc.method`, and on a client `grpc.target`; not part of A66 |
    ///
    /// `grpc.method` is `pkg.Service/Method`, or `other`. `grpc.status` is the name of the code,
    /// such as `NOT_FOUND`. `grpc.target` is the value set with [`target`](Self::target). A66's
    /// message size metrics aren't recorded: interceptors see typed messages, which have no encoded
    /// size.
    ///
    /// On a client, each call also counts as one attempt. If you retry, put one part on either side
    /// of the retry:
    ///
    /// ```
    /// # use grpc_interceptor::{Context, Next, Outcome, interceptor};
    /// # use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
    /// # use tonic::{Request, transport::Channel};
    /// # #[interceptor]
    /// # async fn retry<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    /// #     next.run(request).await
    /// # }
    /// use grpc_interceptor::interceptors::Metrics;
    ///
    /// # fn client(channel: Channel) {
    /// let interceptors = (Metrics::grpc_calls(), retry, Metrics::grpc_attempts());
    /// let client = GreeterClient::with_interceptors(channel, interceptors);
    /// # }
    /// ```
    ///
    /// Uses the meter provider that is global when this function is called. Use
    /// [`meter_provider`](Self::meter_provider) to choose another one.
    #[must_use]
    pub fn grpc() -> Self {
        Self::of_grpc(Part::All)
    }

    /// Records what [`grpc`](Self::grpc) does, except for a client's attempts: for use outside a
    /// retry.
    #[must_use]
    pub fn grpc_calls() -> Self {
        Self::of_grpc(Part::Calls)
    }

    /// Records only a client's attempts: for use inside a retry.
    ///
    /// On a server it records nothing.
    #[must_use]
    pub fn grpc_attempts() -> Self {
        Self::of_grpc(Part::Attempts)
    }

    fn of_grpc(part: Part) -> Self {
        let instruments = Instruments::new(&global::meter_with_scope(scope()));
        Metrics::new(Vocabulary::Grpc(Grpc { part, instruments, target: Vec::new() }))
    }
}

/// Without the schema URL of OpenTelemetry's conventions: these names aren't part of them.
fn scope() -> InstrumentationScope {
    let scope = InstrumentationScope::builder("grpc-interceptor");
    scope.with_version(env!("CARGO_PKG_VERSION")).build()
}

/// Which of a client's metrics are recorded.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    All,
    Calls,
    Attempts,
}

#[derive(Clone)]
pub(super) struct Grpc {
    part: Part,
    instruments: Instruments,
    target: Vec<KeyValue>,
}

#[derive(Clone)]
struct Instruments {
    server_started: Counter<u64>,
    server_duration: Histogram<f64>,
    server_in_flight: UpDownCounter<i64>,
    attempt_started: Counter<u64>,
    attempt_duration: Histogram<f64>,
    client_duration: Histogram<f64>,
    client_in_flight: UpDownCounter<i64>,
}

impl Grpc {
    pub(super) fn with_provider(self, provider: &dyn MeterProvider) -> Self {
        Grpc { instruments: Instruments::new(&provider.meter_with_scope(scope())), ..self }
    }

    pub(super) fn with_target(self, target: &str) -> Self {
        Grpc {
            target: vec![KeyValue::new("grpc.target", without_user(target).into_owned())],
            ..self
        }
    }

    pub(super) fn of_method(&self, key: &Key) -> Method {
        let Grpc { part, instruments, target } = self;
        let all = instruments.clone();
        match key.side {
            Side::Server if *part == Part::Attempts => Method::new(key, &[]),
            Side::Server => Method::new(key, &[])
                .started(all.server_started)
                .in_flight(all.server_in_flight)
                .duration(all.server_duration),
            Side::Client => {
                let mut method = Method::new(key, target);
                if *part != Part::Calls {
                    method = method.started(all.attempt_started).duration(all.attempt_duration);
                }
                if *part != Part::Attempts {
                    method = method.in_flight(all.client_in_flight).duration(all.client_duration);
                }
                method
            }
        }
    }
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, about: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(about).build()
        };
        let histogram = |name: &'static str, about: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(about);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        Instruments {
            server_started: counter(
                "grpc.server.call.started",
                "{call}",
                "Number of server calls started.",
            ),
            server_duration: histogram(
                "grpc.server.call.duration",
                "End-to-end time taken to complete a call from server transport's perspective.",
            ),
            server_in_flight: in_flight(meter, Side::Server),
            attempt_started: counter(
                "grpc.client.attempt.started",
                "{attempt}",
                "Number of client call attempts started.",
            ),
            attempt_duration: histogram(
                "grpc.client.attempt.duration",
                "End-to-end time taken to complete a client call attempt.",
            ),
            client_duration: histogram(
                "grpc.client.call.duration",
                "Time taken by gRPC to complete an RPC from application's perspective.",
            ),
            client_in_flight: in_flight(meter, Side::Client),
        }
    }
}
