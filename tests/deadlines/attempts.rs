//! One deadline covers all attempts of a call, and each attempt can have a shorter one.

use std::time::Duration;

use grpc_interceptor::RpcKind;
use tonic::Code;

use crate::{
    interceptors::{Retry, Seen, SetTimeout, Sight, WithDeadline, in_each_form},
    kinds::{Ended, OnClient, call, exceeded, ms},
    support::{KINDS, values},
};

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// The result of a request with a single message, which is retried, and of a stream, which isn't;
/// and how much time the server saw for each attempt.
struct Expected {
    input: &'static str,
    timeout: Option<Duration>,
    sent_again: (Ended, Vec<Duration>),
    sent_once: (Ended, Vec<Duration>),
}

async fn check(interceptors: impl OnClient, expected: Expected) {
    let on_the_server = Seen::default();
    let mut client = interceptors.start(on_the_server.clone()).await;
    for kind in KINDS {
        let (ended, remaining) = match kind.is_client_streaming() {
            true => &expected.sent_once,
            false => &expected.sent_again,
        };
        assert_eq!(call(&mut client, kind, expected.input, expected.timeout).await, *ended);
        let remaining: Vec<_> = remaining.iter().copied().map(Some).collect();
        assert_eq!(on_the_server.take_remaining(), remaining, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn four_attempts_share_one_deadline() {
    let unavailable = || Ended { after: ms(60), code: Code::Unavailable };
    let expected = |timeout| Expected {
        input: "fails",
        timeout,
        sent_again: (exceeded(ms(200)), [200, 140, 80, 20].map(ms).to_vec()),
        sent_once: (unavailable(), vec![ms(200)]),
    };
    in_each_form!(check, [Retry::new(4)], expected(Some(ms(200))));
    in_each_form!(check, [SetTimeout(ms(200)), Retry::new(4)], expected(None));
    in_each_form!(check, [WithDeadline(ms(200)), Retry::new(4)], expected(None));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_handler_uses_the_whole_time_once() {
    let expected = || Expected {
        input: "forever",
        timeout: None,
        sent_again: (exceeded(FIVE_SECONDS), vec![FIVE_SECONDS]),
        sent_once: (exceeded(FIVE_SECONDS), vec![FIVE_SECONDS]),
    };
    // The stream of a bidirectional call hangs after its response has arrived.
    in_each_form!(check, [SetTimeout(FIVE_SECONDS), Retry::new(4)], expected());
    in_each_form!(check, [WithDeadline(FIVE_SECONDS), Retry::new(4)], expected());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_a_retry_applies_to_each_attempt() {
    let expected = |timeout: Option<Duration>, after, attempts: &[u64]| Expected {
        input: "forever",
        timeout,
        sent_again: (exceeded(after), attempts.iter().copied().map(ms).collect()),
        sent_once: (exceeded(ms(50)), vec![ms(50)]),
    };
    let alone = || expected(None, ms(200), &[50; 4]);
    in_each_form!(check, [Retry::new(4), SetTimeout(ms(50))], alone());
    in_each_form!(check, [Retry::new(4), WithDeadline(ms(50))], alone());
    // The last one has the rest of the total time.
    let bounded = || expected(Some(ms(120)), ms(120), &[50, 50, 20]);
    in_each_form!(check, [Retry::new(4), SetTimeout(ms(50))], bounded());
    in_each_form!(check, [Retry::new(4), WithDeadline(ms(50))], bounded());
}

#[tokio::test(start_paused = true)]
async fn the_server_sees_the_remaining_time_of_each_attempt() {
    let retry = Retry { attempts: 3, wait: ms(30) };
    in_each_form!(told, [retry], Some(ms(300)));
    in_each_form!(told, [SetTimeout(ms(300)), retry], None);
    in_each_form!(told, [WithDeadline(ms(300)), retry], None);
}

async fn told(interceptors: impl OnClient, timeout: Option<Duration>) {
    let on_the_server = Seen::default();
    let mut client = interceptors.start(on_the_server.clone()).await;
    for kind in [RpcKind::Unary, RpcKind::ServerStreaming] {
        let ended = call(&mut client, kind, "fails", timeout).await;
        assert_eq!(ended, Ended { after: ms(240), code: Code::Unavailable }, "{kind:?}");
        let sight = |remaining: u64| Sight {
            context: Some(ms(remaining)),
            next: Some(ms(remaining)),
            timeout: Some(as_header(ms(remaining))),
        };
        assert_eq!(on_the_server.take(), [300, 210, 120].map(sight), "{kind:?}");
    }
}

/// As tonic formats it.
fn as_header(timeout: Duration) -> String {
    let mut request = tonic::Request::new(());
    request.set_timeout(timeout);
    values(request.metadata(), "grpc-timeout").concat()
}
