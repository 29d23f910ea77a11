//! The access log of all cases, as received by `tracing`. A call's lines are found by its request
//! id.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use grpc_interceptor::EndCause;
use tonic::Code;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use crate::{
    case::Case,
    names::code_name,
    right::{Right, right},
    traced,
};

/// The fields of an event, as text.
type Line = HashMap<&'static str, String>;

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// Creates the id of a case's call.
pub(crate) fn new_id() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::registry().with(Collect).with(traced::layer()).init());
    format!("call-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

struct Collect;

impl<S: Subscriber> Layer<S> for Collect {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "grpc_interceptor::access_log" {
            let mut line = Fields::default();
            event.record(&mut line);
            line.0.insert("level", event.metadata().level().to_string());
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }
}

#[derive(Default)]
struct Fields(Line);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Returns the differences between the lines of a case's call and the expected ones.
pub(crate) fn judge_log(case: &Case, id: &str) -> Vec<String> {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let of_call: Vec<Line> =
        lines.extract_if(.., |line| line.get("request_id").is_some_and(|of| of == id)).collect();
    let [start, end] = &of_call[..] else {
        return vec![format!("the log has not a start and an end: {of_call:?}")];
    };
    let right = right(case);
    let mut differences = Vec::new();
    let mut expect = |line: &Line, field: &str, expected: Option<&str>| {
        let told = line.get(field).map(String::as_str);
        if told != expected {
            differences
                .push(format!("logged {field}: {told:?}, expected: {expected:?} in {line:?}"));
        }
    };
    let side = if case.form.is_client() { "client" } else { "server" };
    for (line, message) in [(start, "started call"), (end, "finished call")] {
        expect(line, "message", Some(message));
        expect(line, "side", Some(side));
        expect(line, "metadata", Some("mark: \"yes\""));
        // In a layer that doesn't know the RPC.
        let kind = if case.form.is_layer() { "unknown" } else { kind(case) };
        expect(line, "kind", Some(kind));
    }
    expect(start, "level", Some("TRACE"));
    expect(end, "code", Some(code_name(right.code)));
    expect(end, "cause", Some(cause(right.cause)));
    expect(end, "response_messages", Some(&right.responses.to_string()));
    expect(end, "level", Some(level(case, &right)));
    expect(end, "error", error(case, &right));
    let is_local = end.get("peer").is_some_and(|peer| peer.starts_with("127.0.0.1:"));
    if is_local == case.form.is_client() {
        differences.push(format!("the peer of {end:?}"));
    }
    let requests = end.get("request_messages").and_then(|count| count.parse().ok());
    if !requests.is_some_and(|requests| right.requests.contains(&requests)) {
        differences.push(format!("logged {requests:?} requests, expected: {:?}", right.requests));
    }
    differences
}

fn kind(case: &Case) -> &'static str {
    match (case.kind.is_client_streaming(), case.kind.is_server_streaming()) {
        (false, false) => "unary",
        (true, false) => "client_stream",
        (false, true) => "server_stream",
        (true, true) => "bidi_stream",
    }
}

pub(crate) fn cause(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Complete => "complete",
        EndCause::Failed => "failed",
        EndCause::Cancelled => "cancelled",
        EndCause::TimedOut => "timed_out",
        EndCause::Panicked => "panicked",
        other => unreachable!("no case ends as {other:?}"),
    }
}

/// As in go-grpc-middleware, except that a panic is an error.
fn level(case: &Case, right: &Right) -> &'static str {
    match (right.code, case.form.is_client()) {
        _ if right.cause == EndCause::Panicked => "ERROR",
        (Code::Ok | Code::Cancelled, false) => "INFO",
        (Code::Ok | Code::Cancelled | Code::Aborted, true) => "DEBUG",
        (Code::DeadlineExceeded | Code::Aborted, false) => "WARN",
        (Code::DeadlineExceeded, true) => "INFO",
        (other, _) => unreachable!("no case ends with {other:?}"),
    }
}

/// A dropped call has no status.
pub(crate) fn error(case: &Case, right: &Right) -> Option<&'static str> {
    match right.cause {
        EndCause::Failed => Some("planned"),
        EndCause::Panicked if case.end.is_caught() => Some("Internal error"),
        EndCause::TimedOut if case.form.is_client() => Some("the deadline has passed"),
        _ => None,
    }
}
