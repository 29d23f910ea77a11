//! Reading a response stream ends at the deadline as well.

use std::time::Duration;

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _,
    testing::{Dummy, DummyResponse},
};
use tokio::time::{Instant, sleep};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::{
    interceptors::{InTime, Seen, SetTimeout, WithDeadline, in_each_form},
    kinds::{AN_HOUR, Calls as _, OnClient, ms, request, slow_dummy, with_timeout},
};

/// What a stream yielded until it ended, how it ended, and when.
#[derive(Debug, PartialEq)]
struct Read {
    messages: usize,
    code: Code,
    after: Duration,
}

/// Reads slowly: waits this long after each message.
async fn read(mut stream: Streaming<DummyResponse>, pause: Duration) -> Read {
    let start = Instant::now();
    let mut messages = 0;
    let code = loop {
        match stream.message().await {
            Ok(Some(_)) => messages += 1,
            Ok(None) => break Code::Ok,
            Err(status) => break status.code(),
        }
        sleep(pause).await;
    };
    let after = start.elapsed();
    // An error is followed by the end.
    assert!(stream.message().await.expect("the error came once").is_none());
    Read { messages, code, after }
}

async fn check(interceptors: impl OnClient, timeout: Option<Duration>) {
    let mut client = interceptors.start(()).await;
    let stream = client.chat(timeout).await;
    let expected = Read { messages: 1, code: Code::DeadlineExceeded, after: ms(100) };
    assert_eq!(read(stream, Duration::ZERO).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_stream_over_the_wire_ends_at_the_deadline() {
    in_each_form!(check, [Seen::default()], Some(ms(100)));
    for timeout in [None, Some(AN_HOUR)] {
        in_each_form!(check, [SetTimeout(ms(100))], timeout);
        in_each_form!(check, [WithDeadline(ms(100))], timeout);
        in_each_form!(check, [InTime(ms(100))], timeout);
    }
}

/// Replaces the response stream with one that never yields anything.
#[derive(Clone)]
struct Silent;

impl<N: Next> Interceptor<N> for Silent {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        Ok(response
            .map(|payload| payload.map_stream(|_| MessageStream::new(tokio_stream::pending()))))
    }
}

async fn check_silent(interceptors: impl OnClient, timeout: Option<Duration>) {
    let mut client = interceptors.start(()).await;
    let stream = client.chat(timeout).await;
    let expected = Read { messages: 0, code: Code::DeadlineExceeded, after: ms(100) };
    assert_eq!(read(stream, Duration::ZERO).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_interceptors_stream_ends_at_the_deadline() {
    in_each_form!(check_silent, [Silent], Some(ms(100)));
    in_each_form!(check_silent, [InTime(ms(100)), Silent], None);
    in_each_form!(check_silent, [InTime(ms(100)), Silent], Some(AN_HOUR));
}

/// Answers without the server: a message every 30 ms, or as fast as it is read.
#[derive(Clone)]
struct Answer {
    every: Duration,
}

impl<N: Next<Response = MessageStream<DummyResponse>>> Interceptor<N> for Answer {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        let every = self.every;
        let messages = tokio_stream::iter(0..1000).then(move |number| async move {
            if !every.is_zero() {
                sleep(every).await;
            }
            Ok(DummyResponse { output: format!("{number}") })
        });
        Ok(Response::new(MessageStream::new(messages)))
    }
}

/// Calls only the RPCs with a response stream.
macro_rules! answered {
    ($interceptors:expr, $timeout:expr, $pause:expr) => {{
        let dummy: Dummy<_, _> = slow_dummy().client_interceptors($interceptors);
        let mut client = dummy.start().await.expect("it starts");
        let request = with_timeout(request("foo"), $timeout);
        let response = client.get_mut().execute_server_stream(request).await;
        read(response.expect("it is answered").into_inner(), $pause).await
    }};
}

#[tokio::test(start_paused = true)]
async fn an_interceptors_answer_ends_at_the_deadline() {
    let ticks = Answer { every: ms(30) };
    let expected = || Read { messages: 3, code: Code::DeadlineExceeded, after: ms(100) };
    let timeout = Some(ms(100));
    assert_eq!(answered!((ticks.clone(),), timeout, Duration::ZERO), expected());
    assert_eq!(answered!((InTime(ms(100)), ticks.clone()), None, Duration::ZERO), expected());
    let whole = Read { messages: 1000, code: Code::Ok, after: ms(30_000) };
    assert_eq!(answered!((ticks,), None, Duration::ZERO), whole);
}

/// A message is always ready, so only the deadline itself can end it.
#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_ends_once_the_deadline_has_passed() {
    let ready = Answer { every: Duration::ZERO };
    // Messages at 0, 30, 60 and 90 ms.
    let expected = || Read { messages: 4, code: Code::DeadlineExceeded, after: ms(120) };
    assert_eq!(answered!((ready.clone(),), Some(ms(100)), ms(30)), expected());
    assert_eq!(answered!((InTime(ms(100)), ready), None, ms(30)), expected());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_before_the_deadline_is_complete() {
    let dummy = slow_dummy().client_interceptors((SetTimeout(ms(100)),));
    let mut client = dummy.start().await.expect("it starts");
    let response = client.get_mut().execute_server_stream(request("foo")).await;
    let mut stream = response.expect("it is answered").into_inner();
    let mut outputs = Vec::new();
    let end: Result<(), Status> = loop {
        match stream.message().await {
            Ok(Some(DummyResponse { output })) => outputs.push(output),
            end => break end.map(drop),
        }
    };
    assert_eq!((outputs.concat().as_str(), end.is_ok()), ("foo", true));
    sleep(ms(200)).await;
    assert!(stream.message().await.expect("the end is the end").is_none());
}
