//! The expected results: what the caller of a case sees, and what is reported to `on_panic`.

use grpc_interceptor::RpcKind;
use tonic::Code;

use crate::{
    caller::Outcome,
    case::Case,
    place::{Method, Of, Place, When},
    planned::{DROPPED, PLANNED, POISONED},
};

/// The acceptable combinations of what the caller sees and what is reported to `on_panic`.
pub(crate) struct Right {
    either: Vec<(Seen, Vec<&'static str>)>,
    /// The expected number of panics.
    pub(crate) raised: usize,
}

#[derive(Clone, Debug)]
enum Seen {
    Exactly(Outcome),
    SomeError,
}

impl Seen {
    fn is(&self, outcome: &Outcome) -> bool {
        match self {
            Seen::Exactly(right) => right == outcome,
            Seen::SomeError => matches!(outcome, Outcome::Failed(..)),
        }
    }
}

impl Right {
    fn one(seen: Seen, told: Vec<&'static str>) -> Self {
        Right { raised: told.len().max(1), either: vec![(seen, told)] }
    }

    fn or(mut self, seen: Seen, told: Vec<&'static str>) -> Self {
        self.either.push((seen, told));
        self
    }

    pub(crate) fn difference(&self, outcome: &Outcome, told: &[String]) -> Option<String> {
        let is_right = self.either.iter().any(|(seen, right)| seen.is(outcome) && right == told);
        (!is_right).then(|| {
            let either: Vec<_> =
                self.either.iter().map(|(seen, told)| format!("{seen:?}, {told:?}")).collect();
            format!("{outcome:?}, on_panic was told {told:?}; right: {}", either.join(" or "))
        })
    }
}

pub(crate) fn right(case: &Case) -> Right {
    match case.place {
        Place::Closure(of, Method::OnEndWhenDropped) => when_dropped(case, of),
        Place::Closure(_, Method::WithALock) => with_a_lock(case),
        Place::RepliesDropped(when) => replies_dropped(case, when),
        Place::HandlerDropped => caller_left(case, DROPPED),
        Place::RequestsDropped => requests_dropped(case, DROPPED),
        Place::Requests(at) if !case.catching => own_requests(case, at),
        _ => while_polled(case),
    }
}

/// Returns whether `CatchPanic` is around the panic. For a single message, a closure runs in the
/// interceptor that attached it; in a layer it runs where the message is read, as for a stream.
fn is_caught(case: &Case) -> bool {
    let is_read_inside = case.kind.rpc().is_client_streaming() || case.form.is_layer();
    case.catching && (!case.place.is_outside() || is_read_inside)
}

/// What the caller sees of a panic while the call's future or its response stream is polled.
fn seen(case: &Case, text: &str) -> Seen {
    if is_caught(case) {
        Seen::Exactly(Outcome::Failed(Code::Internal, "Internal error".to_owned()))
    } else if case.form.is_client() {
        Seen::Exactly(Outcome::Panicked(text.to_owned()))
    } else {
        Seen::SomeError
    }
}

/// What is reported of panics that are caught.
fn told<const N: usize>(case: &Case, texts: [&'static str; N]) -> Vec<&'static str> {
    if is_caught(case) { texts.to_vec() } else { Vec::new() }
}

fn while_polled(case: &Case) -> Right {
    Right::one(seen(case, PLANNED), told(case, [PLANNED]))
}

/// The second panic is reported if `CatchPanic` drops the stream, but not if an unwinding handler
/// does.
fn with_a_lock(case: &Case) -> Right {
    let right = while_polled(case).or(seen(case, PLANNED), told(case, [PLANNED, POISONED]));
    Right { raised: 2, ..right }
}

/// It panics when the caller drops it or, on a server, when the connection does.
fn caller_left(case: &Case, text: &'static str) -> Right {
    let left = Seen::Exactly(Outcome::Dropped);
    let right = Right::one(left.clone(), Vec::new()).or(left, told(case, [text]));
    match case.form.is_client() {
        true => right.or(Seen::Exactly(Outcome::Panicked(text.to_owned())), Vec::new()),
        false => right,
    }
}

/// No interceptor inspects the caller's own stream, so none inspects the response stream either:
/// once the response has started, it fails by itself.
fn own_requests(case: &Case, at: usize) -> Right {
    let right = while_polled(case);
    match (case.kind.rpc(), at) {
        (RpcKind::Bidirectional, 2) => right.or(Seen::SomeError, Vec::new()),
        _ => right,
    }
}

/// On a client, the connection drops its request stream.
fn requests_dropped(case: &Case, text: &'static str) -> Right {
    let answered = Seen::Exactly(Outcome::Answered);
    let right = Right::one(answered.clone(), Vec::new()).or(answered, told(case, [text]));
    match is_caught(case) {
        true if is_dropped_in_tonics_body(case) => right.or(seen(case, text), told(case, [text])),
        true => right,
        // As in `own_requests`.
        false if is_dropped_in_tonics_body(case) && case.kind.rpc().is_server_streaming() => {
            right.or(seen(case, text), Vec::new()).or(Seen::SomeError, Vec::new())
        }
        false => right.or(seen(case, text), Vec::new()),
    }
}

/// In a layer, the stream is inside a body that tonic created. tonic drops the stream while
/// polling, before it reports the end, so the panic comes before the end.
fn is_dropped_in_tonics_body(case: &Case) -> bool {
    let is_own = match case.place {
        Place::RequestsDropped => case.form.is_client(),
        Place::RepliesDropped(_) => !case.form.is_client(),
        _ => false,
    };
    is_own && case.form.is_layer()
}

fn when_dropped(case: &Case, of: Of) -> Right {
    match of {
        Of::Response => caller_left(case, PLANNED),
        // At the end of the call or just before.
        _ if case.form.is_client() => {
            requests_dropped(case, PLANNED).or(seen(case, PLANNED), told(case, [PLANNED]))
        }
        // The handler drops it, in its future.
        _ => while_polled(case),
    }
}

fn replies_dropped(case: &Case, when: When) -> Right {
    let answered = Seen::Exactly(Outcome::Answered);
    match when {
        When::Early => caller_left(case, DROPPED),
        When::AfterTheEnd if is_dropped_in_tonics_body(case) => {
            Right::one(seen(case, DROPPED), told(case, [DROPPED]))
        }
        // It had completed successfully before.
        When::AfterTheEnd if case.catching => Right::one(answered, told(case, [DROPPED])),
        // The task that polled it dropped it as well.
        When::AfterTheEnd => Right::one(answered, Vec::new()).or(seen(case, DROPPED), Vec::new()),
        When::AfterAPanic => Right::one(seen(case, PLANNED), told(case, [PLANNED, DROPPED])),
    }
}
