//! The ready-made interceptors that observe each call, next to hand-written equivalents. The
//! subscriber or exporter is the same throughout a section, including for bare tonic, which is
//! measured first.

use std::io::sink;

use grpc_interceptor::{
    Side,
    interceptors::{AccessLog, Metrics, Rpcz, Trace},
};
use grpc_interceptor_proto::{
    default_stubs,
    greeter::greeter_server::{self, GreeterServer},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_sdk::{
    metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
};
use tonic_prometheus_layer::MetricsLayer;
use tonic_tracing_opentelemetry::middleware::server::OtelGrpcLayer;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tower_layer::Layer as _;
use tracing::{Dispatch, Level};
use tracing_subscriber::layer::SubscriberExt as _;

use super::http_call::unary;
use crate::{
    measure::Case,
    peers::{
        Peer,
        handler::Bare,
        ours::{Counted, Logged, Traced, layer, observe},
        seen_by_hand::{self, Counts, Logs, Spans},
    },
};

fn bare() -> GreeterServer<Bare> {
    GreeterServer::new(Bare)
}

/// Only the unary RPC is implemented.
fn by_hand<T: default_stubs::greeter_server::Greeter>(
    handler: T,
) -> default_stubs::greeter_server::GreeterServer<T> {
    default_stubs::greeter_server::GreeterServer::new(handler)
}

macro_rules! with {
    ($interceptors:expr) => {
        GreeterServer::with_interceptors(Bare, $interceptors)
    };
}

/// One line for each call, written to a sink.
pub fn access_log() -> Vec<Case> {
    logged(&Dispatch::new(tracing_subscriber::fmt().with_writer(sink).finish()))
}

/// The same with a subscriber that writes nothing, which leaves the interceptor's own cost.
pub fn access_event() -> Vec<Case> {
    logged(&Dispatch::new(tracing_subscriber::registry()))
}

fn logged(dispatch: &Dispatch) -> Vec<Case> {
    let trace_layer = TraceLayer::new_for_grpc()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_request(())
        .on_response(DefaultOnResponse::new().level(Level::INFO))
        .on_body_chunk(())
        .on_eos(());
    let cases = vec![
        unary(Peer::Bare, 0, bare()),
        unary(Peer::ByHand, 1, by_hand(Logs)),
        unary(Peer::TraceLayer, 1, trace_layer.layer(bare())),
        unary(Peer::Attribute, 1, GreeterServer::new(Logged(AccessLog::new()))).note("`AccessLog`"),
        unary(Peer::Creation, 1, with!(AccessLog::new())).note("`AccessLog`"),
        unary(Peer::Layer, 1, layer(AccessLog::new(), bare())).note("`AccessLog`"),
    ];
    cases.into_iter().map(|case| case.told_to(dispatch)).collect()
}

/// A span for each call, without an exporter.
pub fn spans() -> Vec<Case> {
    let provider = seen_by_hand::provider();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(spans));
    let trace = || Trace::new().tracer_provider(&provider);
    let cases = vec![
        unary(Peer::Bare, 0, bare()),
        unary(Peer::ByHand, 1, by_hand(Spans(provider.tracer("bench")))),
        unary(Peer::OtelGrpcLayer, 1, OtelGrpcLayer::default().layer(bare())),
        unary(Peer::Attribute, 1, GreeterServer::new(Traced(trace()))).note("`Trace`"),
        unary(Peer::Creation, 1, with!(trace())).note("`Trace`"),
        unary(Peer::Creation, 1, with!(trace().tracing_span())).note("`Trace`, `tracing_span`"),
        unary(Peer::Layer, 1, layer(trace(), bare())).note("`Trace`"),
    ];
    cases.into_iter().map(|case| case.told_to(&dispatch)).collect()
}

pub fn metrics() -> Vec<Case> {
    // It is installed for good, and can't be set twice.
    let _ = PrometheusBuilder::new().install_recorder();
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let ready = |metrics: Metrics| metrics.register(Side::Server, greeter_server::METHODS);
    let prometheus = ready(Metrics::prometheus());
    let opentelemetry = ready(Metrics::opentelemetry().meter_provider(&provider));
    let grpc = ready(Metrics::grpc().meter_provider(&provider));
    // It has to live as long as the cases.
    std::mem::forget(provider);
    vec![
        unary(Peer::Bare, 0, bare()),
        unary(Peer::ByHand, 1, by_hand(Counts)),
        unary(Peer::PrometheusLayer, 1, MetricsLayer::new().layer(bare())),
        unary(Peer::Attribute, 1, GreeterServer::new(Counted(prometheus.clone())))
            .note("`Metrics::prometheus`"),
        unary(Peer::Creation, 1, with!(prometheus.clone())).note("`Metrics::prometheus`"),
        unary(Peer::Layer, 1, layer(prometheus, bare())).note("`Metrics::prometheus`"),
        unary(Peer::Creation, 1, with!(opentelemetry)).note("`Metrics::opentelemetry`"),
        unary(Peer::Creation, 1, with!(grpc)).note("`Metrics::grpc`"),
    ]
}

pub fn rpcz() -> Vec<Case> {
    let without = Rpcz::new().metadata([""; 0]);
    vec![
        unary(Peer::Bare, 0, bare()),
        unary(Peer::Creation, 0, with!(())),
        unary(Peer::Creation, 1, with!(observe)).note("observes the end of the call"),
        warm(unary(Peer::Creation, 1, with!(Rpcz::new())).note("`Rpcz`")),
        warm(unary(Peer::Creation, 1, with!(without)).note("`Rpcz` without metadata")),
        warm(unary(Peer::Layer, 1, layer(Rpcz::new(), bare())).note("`Rpcz`")),
    ]
}

/// The first calls become samples and allocate lasting buffers.
fn warm(mut case: Case) -> Case {
    (0..1000).for_each(|_| case.call());
    case
}
