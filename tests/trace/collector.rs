//! Collects the spans of a test.

use std::time::Duration;

use grpc_interceptor::interceptors::Trace;
use opentelemetry::{
    KeyValue,
    propagation::TextMapCompositePropagator,
    trace::{SpanId, SpanKind, TracerProvider as _},
};
use opentelemetry_sdk::{
    propagation::{BaggagePropagator, TraceContextPropagator},
    trace::{InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider, ShouldSample, SpanData},
};

use crate::support::soon;

pub(crate) struct Collector {
    exporter: InMemorySpanExporter,
    pub(crate) provider: SdkTracerProvider,
}

impl Collector {
    pub(crate) fn new() -> Self {
        Self::with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
    }

    pub(crate) fn with_sampler(sampler: impl ShouldSample + 'static) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .with_sampler(sampler)
            .build();
        Collector { exporter, provider }
    }

    /// An interceptor whose spans are collected here.
    pub(crate) fn trace(&self) -> Trace {
        Trace::new().tracer_provider(&self.provider).propagator(propagator())
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("test")
    }

    /// Returns the spans once there are this many: a server's span can end slightly after the
    /// client's.
    pub(crate) async fn spans(&self, count: usize) -> Vec<SpanData> {
        let spans = || self.exporter.get_finished_spans().expect("it isn't shut down");
        soon(async {
            while spans().len() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        let spans = spans();
        assert_eq!(spans.len(), count, "{spans:#?}");
        spans
    }
}

pub(crate) fn propagator() -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

/// The only one of this kind and name.
pub(crate) fn one<'a>(spans: &'a [SpanData], kind: SpanKind, name: &str) -> &'a SpanData {
    let found: Vec<_> =
        spans.iter().filter(|span| span.span_kind == kind && span.name == name).collect();
    let [span] = found[..] else { panic!("{} spans {name} of {kind:?}: {spans:#?}", found.len()) };
    span
}

pub(crate) fn assert_parent(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.span_context.trace_id(), parent.span_context.trace_id());
    assert_eq!(child.parent_span_id, parent.span_context.span_id(), "{child:#?} {parent:#?}");
}

pub(crate) fn assert_root(span: &SpanData) {
    assert_eq!(span.parent_span_id, SpanId::INVALID);
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let is_it = |attribute: &&KeyValue| attribute.key.as_str() == key;
    span.attributes.iter().find(is_it).map(|attribute| attribute.value.to_string())
}
