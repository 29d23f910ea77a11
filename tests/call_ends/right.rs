//! The expected report for each case's end.

use std::ops::RangeInclusive;

use grpc_interceptor::EndCause;
use tonic::Code;

use crate::case::{Case, End};

pub(crate) struct Right {
    pub(crate) code: Code,
    pub(crate) cause: EndCause,
    pub(crate) tail: Option<&'static str>,
    /// On a client, requests are sent while the response can arrive: how many depends on the
    /// connection.
    pub(crate) requests: RangeInclusive<u64>,
    pub(crate) responses: u64,
    /// The attempts inside, in order, if there are more than the call itself.
    pub(crate) attempts: Option<[(Code, EndCause); 2]>,
}

impl Right {
    fn new(code: Code, cause: EndCause) -> Self {
        Right { code, cause, tail: None, requests: 0..=0, responses: 0, attempts: None }
    }

    fn tail(self, tail: Option<&'static str>) -> Self {
        Right { tail, ..self }
    }

    fn counts(self, requests: RangeInclusive<u64>, responses: u64) -> Self {
        Right { requests, responses, ..self }
    }
}

pub(crate) fn right(case: &Case) -> Right {
    let (requests, responses) = (all_requests(case), all_responses(case));
    let all = requests..=requests;
    let cancelled = || Right::new(Code::Cancelled, EndCause::Cancelled);
    let late = || Right::new(Code::DeadlineExceeded, EndCause::TimedOut);
    let failed = || Right::new(Code::Aborted, EndCause::Failed).tail(Some("failed"));
    match case.end {
        End::Complete => complete(case).counts(all, responses),
        End::AnsweredInside => complete(case).tail(None).counts(none_read(case), responses),
        End::RetriedInside => retried(case).counts(all, responses),
        End::HandlerFails => failed().counts(unread(case), 0),
        End::StreamFails => failed().counts(first(case), 1),
        End::RefusedInside => failed().counts(none_read(case), 0),
        End::DroppedBeforeTheResponse => cancelled().counts(unread(case), 0),
        End::DroppedInTheStream => cancelled().counts(1..=1, 1),
        End::DroppedBehindTheLast if case.form.is_client() => cancelled().counts(all, 2),
        // The server had ended before.
        End::DroppedBehindTheLast => complete(case).counts(all, 2),
        End::RequestsCut if is_told_of_an_end(case) => complete(case).counts(1..=1, 1),
        End::RequestsCut => cancelled().counts(1..=1, 0),
        End::LateBeforeTheResponse => late().counts(unread(case), 0),
        End::LateInTheStream => late().counts(1..=1, 1),
        End::LateWhileReadingRequests => late().counts(1..=1, 0),
        End::HandlerPanics(_) => panicked(case).counts(unread(case), 0),
        End::InterceptorPanics(_) => panicked(case).counts(none_read(case), 0),
        End::StreamPanics(_) if is_lost_in_a_buffer(case) => panicked(case).counts(first(case), 0),
        End::StreamPanics(_) => panicked(case).counts(first(case), 1),
    }
}

fn all_requests(case: &Case) -> u64 {
    1 + u64::from(case.kind.is_client_streaming())
}

fn all_responses(case: &Case) -> u64 {
    1 + u64::from(case.kind.is_server_streaming())
}

/// tonic tells a handler that a request stream has ended when the client has cancelled it. If the
/// handler turns that into a response, it has answered the call, and no interceptor can know
/// better. If the response is a stream, the stream is dropped; to a layer all responses are
/// streams.
fn is_told_of_an_end(case: &Case) -> bool {
    !case.form.is_client() && !case.kind.is_server_streaming() && !case.form.is_layer()
}

/// tonic encodes all available messages before it sends any. If the handler's stream panics then,
/// nothing has reached a layer or the client.
fn is_lost_in_a_buffer(case: &Case) -> bool {
    case.form.is_layer() && !case.form.is_client()
}

/// A single message is there from the start. An interceptor that ends the call reads none of a
/// stream. To a layer everything is a stream: an interceptor runs before anything was read.
fn none_read(case: &Case) -> RangeInclusive<u64> {
    let one = u64::from(!case.kind.is_client_streaming() && !case.form.is_layer());
    one..=one
}

/// The handler reads none of a stream. tonic has already read a single message for it.
fn unread(case: &Case) -> RangeInclusive<u64> {
    let none = u64::from(!case.kind.is_client_streaming());
    none..=if case.form.is_client() { all_requests(case) } else { none }
}

/// The handler reads the first message of a stream. A layer sees what tonic takes from the
/// connection in order to read it: the second message can be in the same chunk.
fn first(case: &Case) -> RangeInclusive<u64> {
    let is_in_pieces = case.form.is_client() || case.form.is_layer();
    1..=if is_in_pieces { all_requests(case) } else { 1 }
}

fn complete(case: &Case) -> Right {
    let right = Right::new(Code::Ok, EndCause::Complete);
    right.tail(case.kind.is_server_streaming().then_some("end"))
}

fn retried(case: &Case) -> Right {
    let attempts = [(Code::Unavailable, EndCause::Failed), (Code::Ok, EndCause::Complete)];
    Right { attempts: Some(attempts), ..complete(case) }
}

fn panicked(case: &Case) -> Right {
    let code = if case.end.is_caught() { Code::Internal } else { Code::Unknown };
    Right::new(code, EndCause::Panicked)
}
