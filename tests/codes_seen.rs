//! Each code under its name in each vocabulary, on both sides, for all four kinds of RPC.
//! `call_ends` checks which end has which code.

#[path = "support/points.rs"]
mod points;
mod support;

use std::collections::BTreeMap;

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome,
    interceptors::{Metrics, Trace},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::trace::{SpanKind, Status as SpanStatus};
use opentelemetry_sdk::{
    metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider},
};
use points::points;
use support::{GreeterServer, call_each_through, connect, greeter};
use tonic::{Code, Request, Status};

struct Bare;

greeter!(Bare, []);

/// The code, gRPC's name, Go's name, and whether it is a server error.
const CODES: [(Code, &str, &str, bool); 16] = [
    (Code::Cancelled, "CANCELLED", "Canceled", false),
    (Code::Unknown, "UNKNOWN", "Unknown", true),
    (Code::InvalidArgument, "INVALID_ARGUMENT", "InvalidArgument", false),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "DeadlineExceeded", true),
    (Code::NotFound, "NOT_FOUND", "NotFound", false),
    (Code::AlreadyExists, "ALREADY_EXISTS", "AlreadyExists", false),
    (Code::PermissionDenied, "PERMISSION_DENIED", "PermissionDenied", false),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", "ResourceExhausted", false),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", "FailedPrecondition", false),
    (Code::Aborted, "ABORTED", "Aborted", false),
    (Code::OutOfRange, "OUT_OF_RANGE", "OutOfRange", false),
    (Code::Unimplemented, "UNIMPLEMENTED", "Unimplemented", true),
    (Code::Internal, "INTERNAL", "Internal", true),
    (Code::Unavailable, "UNAVAILABLE", "Unavailable", true),
    (Code::DataLoss, "DATA_LOSS", "DataLoss", true),
    (Code::Unauthenticated, "UNAUTHENTICATED", "Unauthenticated", false),
];

/// Fails all calls with this code.
struct Fail(Code);

impl<N: Next> Interceptor<N> for Fail {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        Err(Status::new(self.0, "planned"))
    }
}

#[tokio::test]
async fn each_code_has_its_name_in_each_vocabulary() {
    for (code, name, go_name, is_server_error) in CODES {
        let recorder = PrometheusBuilder::new().build_recorder();
        let spans = InMemorySpanExporter::default();
        let tracer = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let metered = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(metered.clone()).build();
        let meter = SdkMeterProvider::builder().with_reader(reader).build();
        let observers = || {
            (
                Trace::new().tracer_provider(&tracer).propagator(TraceContextPropagator::new()),
                Metrics::prometheus(),
                Metrics::opentelemetry().meter_provider(&meter),
                Metrics::grpc().meter_provider(&meter),
            )
        };
        {
            // Everything runs on one thread.
            let _recorded = metrics::set_default_local_recorder(&recorder);
            let server = GreeterServer::with_interceptors(Bare, (observers(), Fail(code)));
            let client = connect(server).await;
            let answers = call_each_through(&mut client.through(observers()), "Ada").await;
            assert!(answers.iter().all(|answer| answer.status().code() == code), "{answers:?}");
            while spans.get_finished_spans().unwrap().len() < 8 {
                tokio::task::yield_now().await;
            }
        }

        for span in spans.get_finished_spans().unwrap() {
            let is_error = span.span_kind == SpanKind::Client || is_server_error;
            let expected = if is_error { SpanStatus::error("planned") } else { SpanStatus::Unset };
            assert_eq!(span.status, expected, "{name}, {:?}", span.span_kind);
        }

        let text = recorder.handle().render();
        for side in ["server", "client"] {
            let counted = text.lines().filter(|line| {
                line.starts_with(&format!("grpc_{side}_handled_total{{"))
                    && line.contains(&format!("grpc_code=\"{go_name}\""))
                    && line.ends_with(" 1")
            });
            assert_eq!(counted.count(), 4, "{name} on the {side}: {text}");
        }

        let server_error =
            if is_server_error { format!("error.type={name} ") } else { String::new() };
        let expected = [
            (format!("grpc.client.attempt.duration grpc.status={name}"), 4),
            (format!("grpc.client.call.duration grpc.status={name}"), 4),
            (format!("grpc.server.call.duration grpc.status={name}"), 4),
            (
                format!(
                    "rpc.client.call.duration error.type={name} rpc.response.status_code={name}"
                ),
                4,
            ),
            (format!("rpc.server.call.duration {server_error}rpc.response.status_code={name}"), 4),
        ];
        assert_eq!(times(&meter, &metered), BTreeMap::from(expected), "{name}");
    }
}

/// The number of values of each metric, by the attributes that say how calls ended.
fn times(meter: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> BTreeMap<String, i64> {
    meter.force_flush().expect("it isn't shut down");
    let exported = exporter.get_finished_metrics().expect("it isn't poisoned");
    let of_end = ["error.type", "grpc.status", "rpc.response.status_code"];
    let mut times = BTreeMap::new();
    for point in points(&exported[0]).iter().filter(|one| one.is_of("duration")) {
        *times.entry(point.text_with(|key| of_end.contains(&key))).or_insert(0) += point.value;
    }
    times
}
