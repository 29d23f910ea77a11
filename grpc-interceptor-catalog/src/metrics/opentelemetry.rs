//! OpenTelemetry's names.

mod method;

use grpc_interceptor_runtime::Side;
use opentelemetry::{
    KeyValue, global,
    metrics::{Histogram, Meter, MeterProvider, UpDownCounter},
};

use self::method::Method;
use super::{Metrics, in_flight::in_flight, series::Key, vocabulary::Vocabulary};
use crate::otel::conventions;

/// The conventions' boundaries for a call's time, in seconds.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

impl Metrics {
    /// Counts through OpenTelemetry's API, under the names of its
    /// [conventions for gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/), version 1.44.0.
    ///
    /// | metric | type | unit | |
    /// | --- | --- | --- | --- |
    /// | `rpc.server.call.duration` | histogram | `s` | the time of a call |
    /// | `grpc_interceptor.server.in_flight` | up-down counter | `{call}` | calls that have begun and not ended; this one is ours |
    ///
    /// On a client it is `client` in place of `server`. The attributes are `rpc.system.name` (`grpc`) and `rpc.method`
    /// (`pkg.Service/Method`, or `_OTHER`), and a client's `server.address` and `server.port` if the
    /// [target](Self::target) is said. At its end a call also has `rpc.response.status_code` (`NOT_FOUND`) and, if it has
    /// failed, the same as `error.type`. A client fails with any code other than `OK`, a server with `UNKNOWN`,
    /// `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`.
    ///
    /// It counts with the meter provider that is global when this is called. To have another one, say
    /// [`meter_provider`](Self::meter_provider).
    #[must_use]
    pub fn opentelemetry() -> Self {
        let meter = global::meter_with_scope(conventions::scope());
        Metrics::new(Vocabulary::OpenTelemetry(OpenTelemetry::new(&meter)))
    }

    /// Counts with this meter provider in place of the global one. For [`prometheus`](Self::prometheus) that changes
    /// nothing.
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

    /// Says where a client's calls go, as a URI or a target in gRPC's form: `http://orders:50051`, `dns:///orders:50051`,
    /// `unix:///run/orders.sock`. It is an attribute of OpenTelemetry's metrics (`server.address`, `server.port`) and of
    /// gRPC's (`grpc.target`). For [`prometheus`](Self::prometheus) that changes nothing.
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
