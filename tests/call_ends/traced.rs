//! The spans of all cases, as an exporter gets them. Each case has a provider of its own.

use grpc_interceptor::{EndCause, interceptors::Trace};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use tonic::Code;

use crate::{
    case::{Case, End},
    names::{code_name, method_name},
    right::{Right, right},
};

#[derive(Clone)]
pub(crate) struct Traced {
    exporter: InMemorySpanExporter,
    pub(crate) trace: Trace,
}

impl Traced {
    pub(crate) fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let trace = Trace::new()
            .tracer_provider(&provider)
            .propagator(TraceContextPropagator::new())
            .metadata([crate::observers::MARK]);
        Traced { exporter, trace }
    }

    /// What is different in the spans from what is right.
    pub(crate) fn judge(&self, case: &Case) -> Vec<String> {
        let spans = self.exporter.get_finished_spans().expect("it isn't shut down");
        let [span] = &spans[..] else {
            return vec![format!("{} spans have ended", spans.len())];
        };
        let right = right(case);
        let mut differences = Vec::new();
        let mut expect = |what: &str, told: Option<String>, expected: Option<&str>| {
            if told.as_deref() != expected {
                differences.push(format!("traced {what}: {told:?}, right: {expected:?}"));
            }
        };
        // A layer that wasn't told of the RPC. A client knows what it calls.
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
            differences.push(format!("traced {:?}, right: {status:?}", span.status));
        }
        differences.extend(judge_attempts(case, span));
        differences
    }
}

/// The observer of attempts is inside of who tries again.
fn judge_attempts(case: &Case, span: &SpanData) -> Option<String> {
    let right: &[&str] = match case.end {
        End::RetriedInside => &["UNAVAILABLE"],
        End::HandlerFails => &["ABORTED"],
        End::Complete | End::AnsweredInside | End::RefusedInside => &[],
        // Which of two observers is told first of an end, nobody says.
        _ => return None,
    };
    let events = span.events.events.iter().map(|event| {
        let code = event.attributes.iter().find(|one| one.key.as_str() == STATUS_CODE);
        let code = code.map(|code| code.value.to_string()).unwrap_or_default();
        (event.name.to_string(), code)
    });
    let events: Vec<_> = events.collect();
    let expected: Vec<_> =
        right.iter().map(|code| ("attempt failed".to_owned(), (*code).to_owned())).collect();
    (events != expected).then(|| format!("traced the events {events:?}, right: {expected:?}"))
}

const STATUS_CODE: &str = "rpc.response.status_code";

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
