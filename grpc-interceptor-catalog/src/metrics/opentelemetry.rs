//! The names from OpenTelemetry's conventions.

mod method;

use grpc_interceptor_runtime::Side;
use opentelemetry::{
    KeyValue, global,
    metrics::{Histogram, Meter, MeterProvider, UpDownCounter},
};

use self::method::Method;
use super::{Metrics, in_flight::in_flight, series::Key, vocabulary::Vocabulary};
use crate::otel::conventions;

/// The conventions' bucket boundaries for durations, in seconds.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

#[cfg(feature = "opentelemetry")]
impl Metrics {
    /// Records through the OpenTelemetry API, under OpenTelemetry's names.
    ///
    /// They follow version 1.44.0 of its
    /// [conventions for gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/).
    ///
    /// | metric | type | unit | |
    /// | --- | --- | --- | --- |
    /// | `rpc.server.call.duration` | histogram | `s` | the duration of a call |
    /// | `grpc_interceptor.server.in_flight` | up-down counter | `{call}` | calls that have started and not ended; not part of the conventions |
    ///
    /// On a client the names have `client` in place of `server`. The attributes are
    /// `rpc.system.name` (`grpc`), `rpc.method` (`pkg.Service/Method`, or `_OTHER`) and, on a
    /// client with a [target](Self::target), `server.address` and `server.port`. When a call ends,
    /// `rpc.response.status_code` (such as `NOT_FOUND`) is added, and `error.type` with the same
    /// value if the call failed. On a client, any code other than `OK` is a failure. On a server,
    /// `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`
    /// are.
    ///
    /// Uses the meter provider that is global when this function is called. Use
    /// [`meter_provider`](Self::meter_provider) to choose another one.
    #[must_use]
    pub fn opentelemetry() -> Self {
        let meter = global::meter_with_scope(conventions::scope());
        Metrics::new(Vocabulary::OpenTelemetry(OpenTelemetry::new(&meter)))
    }

    /// Uses this meter provider instead of the global one.
    ///
    /// This has no effect on [`prometheus`](Self::prometheus).
    #[must_use]
    pub fn meter_provider(self, provider: &dyn MeterProvider) -> Self {
        self.with_vocabulary(|vocabulary| match vocabulary {
            Vocabulary::OpenTelemetry(names) => {
                let meter = provider.meter_with_scope(conventions::scope());
                let target = names.target;
                Vocabulary::OpenTelemetry(OpenTelemetry { target, ..OpenTelemetry::new(&meter) })
            }
            Vocabulary::Grpc(names) => Vocabulary::Grpc(names.with_provider(provider)),
            #[cfg(feature = "metrics")]
            Vocabulary::Prometheus => Vocabulary::Prometheus,
        })
    }

    /// Sets the target of a client's calls.
    ///
    /// The target is a URI or uses gRPC's target syntax: `http://orders:50051`,
    /// `dns:///orders:50051`, `unix:///run/orders.sock`.
    ///
    /// It is recorded as an attribute of OpenTelemetry's metrics (`server.address`, `server.port`)
    /// and of gRPC's (`grpc.target`). This has no effect on [`prometheus`](Self::prometheus).
    #[must_use]
    pub fn target(self, target: &str) -> Self {
        self.with_vocabulary(|vocabulary| match vocabulary {
            Vocabulary::OpenTelemetry(names) => Vocabulary::OpenTelemetry(OpenTelemetry {
                target: crate::otel::target::server(target),
                ..names
            }),
            Vocabulary::Grpc(names) => Vocabulary::Grpc(names.with_target(target)),
            #[cfg(feature = "metrics")]
            Vocabulary::Prometheus => Vocabulary::Prometheus,
        })
    }

    fn with_vocabulary(self, change: impl FnOnce(Vocabulary) -> Vocabulary) -> Self {
        Metrics { labels: self.labels, ..Metrics::new(change(self.vocabulary)) }
    }
}

#[derive(Clone)]
pub(super) struct OpenTelemetry {
    server: Instruments,
    client: Instruments,
    target: Vec<KeyValue>,
}

#[derive(Clone)]
struct Instruments {
    duration: Histogram<f64>,
    in_flight: UpDownCounter<i64>,
}

impl OpenTelemetry {
    fn new(meter: &Meter) -> Self {
        OpenTelemetry {
            server: Instruments::new(
                meter,
                Side::Server,
                "rpc.server.call.duration",
                "Measures the duration of an incoming Remote Procedure Call (RPC).",
            ),
            client: Instruments::new(
                meter,
                Side::Client,
                "rpc.client.call.duration",
                "Measures the duration of an outgoing Remote Procedure Call (RPC).",
            ),
            target: Vec::new(),
        }
    }

    pub(super) fn of_method(&self, key: &Key) -> Method {
        match key.side {
            Side::Server => Method::new(&self.server, key, &[]),
            Side::Client => Method::new(&self.client, key, &self.target),
        }
    }
}

impl Instruments {
    fn new(meter: &Meter, side: Side, duration: &'static str, about: &'static str) -> Self {
        Instruments {
            duration: meter
                .f64_histogram(duration)
                .with_unit("s")
                .with_description(about)
                .with_boundaries(SECONDS.to_vec())
                .build(),
            in_flight: in_flight(meter, side),
        }
    }
}
