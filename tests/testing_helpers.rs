//! The testing kit's interceptors: what `Recorder` records and which calls `FailFirst` fails.

mod support;

use std::time::Duration;

use grpc_interceptor::{
    Context, Error, Interceptor, Next, Outcome, Payload as _, RpcKind, Side, interceptor,
    testing::{self, DummyRequest, FailFirst, RecordedCall, RecordedOutcome, Recorder},
};
use support::soon;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Status, metadata::MetadataValue};

fn request_text(input: &str) -> String {
    format!("DummyRequest {{ input: {input:?} }}")
}

fn response_text(output: &str) -> String {
    format!("DummyResponse {{ output: {output:?} }}")
}

fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

fn failed(code: Code, message: &str) -> Option<RecordedOutcome> {
    Some(RecordedOutcome::Failed { code, message: message.to_owned() })
}

/// Everything except the side, which both recorders share.
fn assert_call(
    call: &RecordedCall,
    (method, kind): (&str, RpcKind),
    requests: &[&str],
    responses: &[&str],
    outcome: Option<RecordedOutcome>,
) {
    assert_eq!(call.method_name.path(), format!("/DummyService/{method}"));
    assert_eq!(call.kind, kind);
    let requests: Vec<_> = requests.iter().map(|input| request_text(input)).collect();
    let responses: Vec<_> = responses.iter().map(|output| response_text(output)).collect();
    assert_eq!((&call.requests, &call.responses), (&requests, &responses), "{method}");
    assert_eq!(call.outcome, outcome, "{method}");
}

const UNARY: (&str, RpcKind) = ("Execute", RpcKind::Unary);
const CLIENT_STREAM: (&str, RpcKind) = ("ExecuteClientStream", RpcKind::ClientStreaming);
const SERVER_STREAM: (&str, RpcKind) = ("ExecuteServerStream", RpcKind::ServerStreaming);
const BOTH: (&str, RpcKind) = ("ExecuteClientServerStream", RpcKind::Bidirectional);

/// Calls as `ada`, with a minute.
#[interceptor]
async fn as_ada<N: Next>(mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    request.metadata_mut().insert("user", "ada".parse().expect("it is ASCII"));
    request.metadata_mut().insert_bin("trace-bin", MetadataValue::from_bytes(&[1, 2, 3]));
    request.set_timeout(Duration::from_secs(60));
    next.run(request).await
}

#[tokio::test(start_paused = true)]
async fn a_recorder_records_metadata_and_the_time_remaining() {
    let (outer, inner, on_server) = (Recorder::new(), Recorder::new(), Recorder::new());
    let mut client = testing::dummy()
        .client_interceptors((outer.clone(), as_ada, inner.clone()))
        .server_interceptors(on_server.clone())
        .start()
        .await
        .expect("it starts");
    client.execute("foo").await.expect("it echoes");

    let outer = &outer.calls()[0];
    assert_eq!((&outer.metadata, outer.time_remaining), (&Vec::new(), None));
    for recorder in [inner, on_server] {
        let call = &recorder.calls()[0];
        let has = |key: &str, value: &str| {
            assert!(call.metadata.contains(&(key.to_owned(), value.to_owned())), "{call:#?}");
        };
        has("user", "ada");
        has("trace-bin", "AQID");
        assert!(call.metadata.iter().all(|(key, _)| key != "grpc-timeout"), "{call:#?}");
        assert_eq!(call.time_remaining, Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn a_recorder_records_each_call_on_both_sides() {
    let (on_client, on_server) = (Recorder::new(), Recorder::new());
    let mut client = testing::dummy()
        .client_interceptors(on_client.clone())
        .server_interceptors(on_server.clone())
        .special_case("error", |_| Err(Error::not_found("gone")))
        .start()
        .await
        .expect("it starts");
    client.execute("foo").await.expect("it echoes");
    client.execute_client_stream(["a", "b"]).await.expect("it echoes");
    client.execute_server_stream("ab").await.expect("it echoes");
    client.execute_client_server_stream(["a", "b"]).await.expect("it echoes");
    client.execute("error").await.expect_err("it fails");
    client.execute_client_server_stream(["a", "error"]).await.expect_err("it fails");

    let gone = || failed(Code::NotFound, "gone");
    let ok = || Some(RecordedOutcome::Ok);
    for (recorder, side) in [(&on_client, Side::Client), (&on_server, Side::Server)] {
        let calls = recorder.calls();
        assert!(calls.iter().all(|call| call.side == side));
        assert_call(&calls[0], UNARY, &["foo"], &["foo"], ok());
        assert_call(&calls[1], CLIENT_STREAM, &["a", "b"], &["ab"], ok());
        assert_call(&calls[2], SERVER_STREAM, &["ab"], &["a", "b"], ok());
        assert_call(&calls[3], BOTH, &["a", "b"], &["a", "b"], ok());
        assert_call(&calls[4], UNARY, &["error"], &[], gone());
        assert_call(&calls[5], BOTH, &["a", "error"], &["a"], gone());
        assert_eq!(calls.len(), 6);
    }
}

#[tokio::test]
async fn a_recorder_shows_a_stream_while_it_runs() {
    let (on_client, on_server) = (Recorder::new(), Recorder::new());
    let mut client = testing::dummy()
        .client_interceptors(on_client.clone())
        .server_interceptors(on_server.clone())
        .start()
        .await
        .expect("it starts");
    let (sender, receiver) = mpsc::unbounded_channel();
    let stream =
        client.get_mut().execute_client_server_stream(UnboundedReceiverStream::new(receiver));
    let mut stream = stream.await.expect("it starts").into_inner();
    let assert_both = |requests: &[&str], outcome: Option<RecordedOutcome>| {
        for recorder in [&on_client, &on_server] {
            assert_call(&recorder.calls()[0], BOTH, requests, requests, outcome.clone());
        }
    };
    assert_both(&[], None);
    for inputs in [&["a"][..], &["a", "b"][..]] {
        sender.send(request(inputs[inputs.len() - 1])).expect("it is read");
        stream.message().await.expect("it continues").expect("it isn't at its end");
        assert_both(inputs, None);
    }
    drop(sender);
    assert!(stream.message().await.expect("it completes").is_none());
    assert_both(&["a", "b"], Some(RecordedOutcome::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_recorder_reports_cancelled_calls() {
    let (on_client, on_server) = (Recorder::new(), Recorder::new());
    let mut client = testing::dummy()
        .client_interceptors(on_client.clone())
        .server_interceptors(on_server.clone())
        .special_case_async("forever", |_| std::future::pending::<String>())
        .start()
        .await
        .expect("it starts");
    // A cancelled call, and a stream that was dropped in its middle.
    let call = tokio::time::timeout(Duration::from_secs(1), client.execute("forever"));
    call.await.expect_err("it takes forever");
    let requests = tokio_stream::iter(["a", "forever"].map(request));
    let stream = client.get_mut().execute_client_server_stream(requests).await;
    let mut stream = stream.expect("it starts").into_inner();
    stream.message().await.expect("it continues").expect("it isn't at its end");
    assert_eq!(on_client.calls()[1].outcome, None);
    drop(stream);
    soon(client.shutdown()).await;
    for recorder in [on_client, on_server] {
        let calls = recorder.calls();
        assert_call(&calls[0], UNARY, &["forever"], &[], Some(RecordedOutcome::Cancelled));
        assert_call(&calls[1], BOTH, &["a", "forever"], &["a"], Some(RecordedOutcome::Cancelled));
    }
}

#[tokio::test]
async fn a_recorder_tells_a_panic_from_a_cancelled_call() {
    let recorder = Recorder::new();
    let mut client = testing::dummy()
        .server_interceptors(recorder.clone())
        .special_case("panic", |_| -> String { panic!("as the test wants it") })
        .start()
        .await
        .expect("it starts");
    client.execute("panic").await.expect_err("it panics");
    let panicked = Some(RecordedOutcome::Panicked);
    assert_call(&recorder.calls()[0], UNARY, &["panic"], &[], panicked);
}

#[tokio::test(start_paused = true)]
async fn calls_are_in_the_order_in_which_they_started() {
    let recorder = Recorder::new();
    let mut client = testing::dummy()
        .server_interceptors(recorder.clone())
        .special_case_async("slow", |_| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            "slow"
        })
        .start()
        .await
        .expect("it starts");
    let mut other = client.get_mut().clone();
    let slow = tokio::spawn(async move { other.execute(request("slow")).await });
    while recorder.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    client.execute("fast").await.expect("it echoes");
    let calls = recorder.calls();
    assert_eq!(calls[0].requests, [request_text("slow")]);
    assert_eq!(calls[0].outcome, None);
    assert_eq!(calls[1].requests, [request_text("fast")]);
    assert_eq!(calls[1].outcome, Some(RecordedOutcome::Ok));
    slow.await.expect("it doesn't panic").expect("it answers");
    assert_eq!(recorder.calls()[0].outcome, Some(RecordedOutcome::Ok));
}

/// Converts each message to upper case, in both directions.
struct Shout;

impl<N> Interceptor<N> for Shout
where
    N: Next<RequestMessage = DummyRequest>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| {
            payload
                .map_messages(|DummyRequest { input }| DummyRequest { input: input.to_uppercase() })
        });
        next.run(request).await
    }
}

#[tokio::test]
async fn a_recorder_sees_messages_as_they_are_at_its_position() {
    let (before, behind) = (Recorder::new(), Recorder::new());
    let mut client = testing::dummy()
        .server_interceptors((before.clone(), Shout, behind.clone()))
        .start()
        .await
        .expect("it starts");
    client.execute("foo").await.expect("it echoes");
    client.execute_client_server_stream(["a", "b"]).await.expect("it echoes");
    let (before, behind) = (before.calls(), behind.calls());
    let ok = || Some(RecordedOutcome::Ok);
    assert_call(&before[0], UNARY, &["foo"], &["FOO"], ok());
    assert_call(&behind[0], UNARY, &["FOO"], &["FOO"], ok());
    assert_call(&before[1], BOTH, &["a", "b"], &["A", "B"], ok());
    assert_call(&behind[1], BOTH, &["A", "B"], &["A", "B"], ok());
}

#[tokio::test]
async fn the_first_calls_fail_and_the_others_succeed() {
    let (away, recorder) = (FailFirst::new(2, Status::unavailable("away")), Recorder::new());
    let mut client = testing::dummy()
        .client_interceptors((away.clone(), recorder.clone()))
        .start()
        .await
        .expect("it starts");
    let status = client.execute("a").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "away"));
    assert_eq!(away.remaining(), 1);
    let status = client.execute_client_server_stream(["b"]).await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "away"));
    assert_eq!(away.remaining(), 0);
    // Nothing inside it ran.
    assert_eq!(recorder.calls(), []);
    assert_eq!(client.execute("c").await.expect("it passes"), "c");
    assert_eq!(client.execute_server_stream("d").await.expect("it passes"), ["d"]);
    assert_eq!(away.remaining(), 0);
}

#[tokio::test]
async fn all_clones_count_together() {
    let away = FailFirst::new(3, Status::unavailable("away"));
    let mut client = testing::dummy()
        .client_interceptors(away.clone())
        .server_interceptors(away.clone())
        .start()
        .await
        .expect("it starts");
    let mut other = testing::dummy().server_interceptors(away).start().await.expect("it starts");
    client.execute("a").await.expect_err("the client's, of 3");
    other.execute("a").await.expect_err("the other server's, of 2");
    client.execute("a").await.expect_err("the client's, of 1");
    client.execute("a").await.expect("none is left");
    other.execute("a").await.expect("none is left");
}

#[tokio::test]
async fn no_call_fails_if_none_should() {
    let away = FailFirst::new(0, Status::unavailable("away"));
    let mut client = testing::dummy().server_interceptors(away).start().await.expect("it starts");
    assert_eq!(client.execute("a").await.expect("it passes"), "a");
}
