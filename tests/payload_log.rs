//! What the message log writes, and when.

#[path = "support/log.rs"]
mod log;

use std::fmt;

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _,
    interceptors::{List, MessageInfo, PayloadLog, ShowMessage},
    testing::{self, DummyRequest, DummyResponse},
};
use log::Log;
use tonic::{Request, Status};
use tracing::Level;

const TARGET: &str = "grpc_interceptor::payload_log";

/// The texts, with the side, direction and number of each.
fn lines(log: &Log) -> Vec<String> {
    let line = |event: std::collections::HashMap<&str, String>| {
        let field = |name: &str| event[name].clone();
        let (side, message) = (field("side"), field("message"));
        format!("{side} {message} {} {}", field("number"), field("payload"))
    };
    log.take().into_iter().map(line).collect()
}

#[tokio::test]
async fn each_message_is_logged_in_order() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let mut client = testing::dummy().server_interceptors(PayloadLog::new()).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert_eq!(
        lines(&log),
        [
            r#"server request message 1 DummyRequest { input: "a" }"#,
            r#"server response message 1 DummyResponse { output: "a" }"#,
        ]
    );
    client.execute_client_server_stream(["a", "b"]).await.unwrap();
    let mut both = lines(&log);
    both.sort_unstable();
    assert_eq!(
        both,
        [
            r#"server request message 1 DummyRequest { input: "a" }"#,
            r#"server request message 2 DummyRequest { input: "b" }"#,
            r#"server response message 1 DummyResponse { output: "a" }"#,
            r#"server response message 2 DummyResponse { output: "b" }"#,
        ]
    );
}

#[tokio::test]
async fn a_client_logs_what_it_sends_and_receives() {
    let (log, _guard) = Log::start(TARGET, Level::INFO);
    let payload_log = PayloadLog::new().level(Level::INFO);
    let mut client = testing::dummy().client_interceptors(payload_log).start().await.unwrap();
    let mut request = Request::new(DummyRequest { input: "ab".to_owned() });
    request.metadata_mut().insert("x-request-id", "id-1".parse().unwrap());
    let mut stream = client.get_mut().execute_server_stream(request).await.unwrap().into_inner();
    while stream.message().await.unwrap().is_some() {}
    let events = log.take();
    assert!(events.iter().all(|event| event["request_id"] == "id-1" && event["level"] == "INFO"));
    assert!(events.iter().all(|event| event["method"] == "/DummyService/ExecuteServerStream"));
    let texts: Vec<_> = events.iter().map(|event| event["payload"].as_str()).collect();
    let expected = [
        r#"DummyRequest { input: "ab" }"#,
        r#"DummyResponse { output: "a" }"#,
        r#"DummyResponse { output: "b" }"#,
    ];
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn a_long_message_is_cut() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let payload_log = PayloadLog::new().max_length(30);
    let mut client = testing::dummy().server_interceptors(payload_log).start().await.unwrap();
    client.execute("ä".repeat(1000)).await.unwrap();
    let request = format!("server request message 1 DummyRequest {{ input: \"{}…", "ä".repeat(3));
    assert_eq!(lines(&log)[0], request);
}

/// Panics if a message is looked at.
struct Never;

impl<M> ShowMessage<M> for Never {
    fn show(&self, _: &M, _: &MessageInfo, _: &mut dyn fmt::Write) -> fmt::Result {
        panic!("it must not be formatted")
    }
}

#[tokio::test]
async fn nothing_is_formatted_if_no_one_listens_or_the_call_isnt_sampled() {
    let (log, _guard) = Log::start(TARGET, Level::INFO);
    let never = PayloadLog::new().show_with(Never);
    let mut client = testing::dummy().server_interceptors(never.clone()).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert_eq!(lines(&log).len(), 0);

    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let none = never.sample(0.0);
    let mut client = testing::dummy().server_interceptors(none).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert_eq!(lines(&log).len(), 0);
}

#[tokio::test]
async fn a_fraction_of_the_calls_is_sampled() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let half = PayloadLog::new().sample(0.5);
    let mut client = testing::dummy().server_interceptors(half).start().await.unwrap();
    for _ in 0..400 {
        client.execute("a").await.unwrap();
    }
    let count = lines(&log).len();
    // Both messages of a call, or none. The count is outside this range once in 10^22 runs.
    assert_eq!(count % 2, 0);
    assert!((200..=600).contains(&count), "{count} of 800");
}

struct WithoutInput;

impl ShowMessage<DummyRequest> for WithoutInput {
    fn show(&self, _: &DummyRequest, _: &MessageInfo, text: &mut dyn fmt::Write) -> fmt::Result {
        text.write_str("DummyRequest { input: [redacted] }")
    }
}

impl ShowMessage<DummyResponse> for WithoutInput {
    fn show(
        &self,
        message: &DummyResponse,
        _: &MessageInfo,
        text: &mut dyn fmt::Write,
    ) -> fmt::Result {
        write!(text, "{message:?}")
    }
}

#[tokio::test]
async fn the_user_decides_what_is_shown() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let redacted = PayloadLog::new().show_with(WithoutInput);
    let mut client = testing::dummy()
        .server_interceptors(redacted)
        .special_case("secret", |_| "answer")
        .start()
        .await
        .unwrap();
    client.execute("secret").await.unwrap();
    let lines = lines(&log);
    assert!(lines[0].ends_with("DummyRequest { input: [redacted] }"), "{lines:?}");
    assert!(!lines.concat().contains("secret"), "{lines:?}");
}

/// Refuses the second message of a stream.
struct Refuse;

impl<N: Next> Interceptor<N> for Refuse {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, extensions, payload) = request.into_parts();
        let mut number = 0;
        let payload = payload.try_map_messages(move |message| {
            number += 1;
            if number == 2 { Err(Status::invalid_argument("enough")) } else { Ok(message) }
        })?;
        next.run(Request::from_parts(metadata, extensions, payload)).await
    }
}

#[tokio::test]
async fn messages_are_logged_even_if_the_call_fails() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let outside = List::new().with(PayloadLog::new()).with(Refuse);
    let mut client = testing::dummy().server_interceptors((outside, Refuse)).start().await.unwrap();
    client.execute_client_stream(["a", "b", "c"]).await.unwrap_err();
    let lines = lines(&log);
    // In a list, only the type is known.
    assert!(lines.iter().all(|line| line.contains("AnyMessage(")), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
}
