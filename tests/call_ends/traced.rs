//! The spans of all cases, as received by an exporter. Each case has its own provider.

use std::sync::LazyLock;

use grpc_interceptor::{EndCause, interceptors::Trace};
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use tonic::Code;
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{
    case::{Case, End},
    names::{code_name, method_name},
    observers::MARK,
    right::{Right, right},
};

#[derive(Clone)]
pub(crate) struct Traced {
    exporter: InMemorySpanExporter,
    pub(crate) trace: Trace,
    /// A `Trace` whose spans are created by `tracing-opentelemetry`, with one provider for all
    /// cases.
    pub(crate) in_tracing: Trace,
}

/// The spans of `tracing-opentelemetry`.
static OF_TRACING: LazyLock<(InMemorySpanExporter, SdkTracerProvider)> = LazyLock::new(provider);

fn provider() -> (InMemorySpanExporter, SdkTracerProvider) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    (exporter, provider)
}

/// Creates an OpenTelemetry span for each `tracing` span of a `Trace`.
pub(crate) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(OF_TRACING.1.tracer("tracing"));
    layer.with_filter(filter_fn(|metadata| metadata.target() == "grpc_interceptor::trace"))
}

impl Traced {
    pub(crate) fn new() -> Self {
        let (exporter, provider) = provider();
        let trace = || {
            Trace::new()
                .tracer_provider(&provider)
                .propagator(TraceContextPropagator::new())
                .metadata([MARK, REQUEST_ID])
        };
        Traced { exporter, trace: trace(), in_tracing: trace().tracing_span() }
    }

    /// Returns the differences between the spans and the expected ones.
    pub(crate) fn judge(&self, case: &Case, id: &str) -> Vec<String> {
        let spans = self.exporter.get_finished_spans().expect("it isn't shut down");
        let of_tracing = OF_TRACING.0.get_finished_spans().expect("it isn't shut down");
        let id = format!("[\"{id}\"]");
        let is_its = |span: &&SpanData| attribute(span, ID).is_some_and(|of| of == id);
        let of_tracing: Vec<_> = of_tracing.iter().filter(is_its).cloned().collect();
        let ([span], [of_tracing]) = (&spans[..], &of_tracing[..]) else {
            return vec![format!("{} and {} spans have ended", spans.len(), of_tracing.len())];
        };
        let mut differences = Self::judge_span(case, span);
        differences.extend(Self::judge_span(case, of_tracing));
        differences.extend(judge_attempts(case, span));
        differences
    }

    fn judge_span(case: &Case, span: &SpanData) -> Vec<String> {
        let right = right(case);
        let mut differences = Vec::new();
        let mut expect = |what: &str, told: Option<String>, expected: Option<&str>| {
            if told.as_deref() != expected {
                differences.push(format!("traced {what}: {told:?}, expected: {expected:?}"));
            }
        };
        // A layer that doesn't know the RPC. A client knows what it calls.
        let is_other = case.form.is_layer() && !case.form.is_client();
        let (name, method) = match is_other {
            true => ("grpc", "_OTHER"),
            false => (method_name(case), method_name(case)),
        };
        expect("name", Some(span.name.to_string()), Some(name));
        expect("rpc.method", attribute(span, "rpc.method"), Some(method));
        let original = is_other.then(|| method_name(case));
        expect("rpc.method_original", attribute(span, "rpc.method_original"), original);
        expect("rpc.system.name", attribute(span, "rpc.system.name"), Some("grpc"));
        let mark = attribute(span, "rpc.request.metadata.mark");
        expect("metadata", mark, Some("[\"yes\"]"));
        let code = code_name(right.code);
        expect("code", attribute(span, "rpc.response.status_code"), Some(code));
        let is_error = is_error(case, right.code);
        expect("error.type", attribute(span, "error.type"), is_error.then_some(code));
        let peer = attribute(span, "network.peer.address");
        expect("peer", peer, (!case.form.is_client()).then_some("127.0.0.1"));
        let kind = if case.form.is_client() { SpanKind::Client } else { SpanKind::Server };
        if span.span_kind != kind {
            differences.push(format!("traced as {:?}", span.span_kind));
        }
        let status = match is_error {
            true => Status::error(description(case, &right)),
            false => Status::Unset,
        };
        if span.status != status {
            differences.push(format!("traced {:?}, expected: {status:?}", span.status));
        }
        differences
    }
}

/// The observer of attempts is inside the retry.
fn judge_attempts(case: &Case, span: &SpanData) -> Option<String> {
    let right = match case.end {
        End::RetriedInside => vec!["UNAVAILABLE"],
        // The call doesn't get that far.
        End::RefusedInside | End::InterceptorPanics(_) => vec![],
        // Panics are caught outside the attempt.
        End::HandlerPanics(_) | End::StreamPanics(_) if !case.form.is_client() => vec!["UNKNOWN"],
        // Here an interceptor outside the attempt panics, and drops its stream.
        End::StreamPanics(_) => vec!["CANCELLED"],
        _ => vec![code_name(right(case).code)],
    };
    let right: Vec<_> = right.into_iter().filter(|code| *code != "OK").collect();
    let events = span.events.events.iter().map(|event| {
        let code = event.attributes.iter().find(|one| one.key.as_str() == STATUS_CODE);
        let code = code.map(|code| code.value.to_string()).unwrap_or_default();
        (event.name.to_string(), code)
    });
    let events: Vec<_> = events.collect();
    let expected: Vec<_> =
        right.iter().map(|code| ("attempt failed".to_owned(), (*code).to_owned())).collect();
    (events != expected).then(|| format!("traced the events {events:?}, expected: {expected:?}"))
}

const STATUS_CODE: &str = "rpc.response.status_code";
const REQUEST_ID: &str = "x-request-id";
const ID: &str = "rpc.request.metadata.x-request-id";

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let mut found = span.attributes.iter().filter(|attribute| attribute.key.as_str() == key);
    let value = found.next().map(|attribute| attribute.value.to_string());
    assert!(found.next().is_none(), "{key} is there twice");
    value
}

pub(crate) fn is_error(case: &Case, code: Code) -> bool {
    match case.form.is_client() {
        true => code != Code::Ok,
        false => matches!(code, Code::Unknown | Code::DeadlineExceeded | Code::Internal),
    }
}

fn description(case: &Case, right: &Right) -> &'static str {
    match right.cause {
        EndCause::Failed => "planned",
        EndCause::Panicked if case.end.is_caught() => "Internal error",
        EndCause::Panicked => "panicked",
        EndCause::TimedOut => "the deadline has passed",
        _ => "dropped before its end",
    }
}
