//! The tests of the Python package's `test_streaming.py`, with our types: see `tests/README.md`.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _, StreamEnd, interceptor,
    testing::{self, DummyRequest, DummyResponse},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request};

/// Does nothing, for any RPC.
#[interceptor]
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// What an interceptor has seen.
#[derive(Clone, Debug)]
struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Log<T> {
    fn default() -> Self {
        Log(Arc::default())
    }
}

impl<T: Clone> Log<T> {
    fn push(&self, entry: T) {
        self.0.lock().expect("it isn't poisoned").push(entry);
    }

    fn get(&self) -> Vec<T> {
        self.0.lock().expect("it isn't poisoned").clone()
    }
}

/// Logs each response. The original only works for RPCs that stream responses; an interceptor for a
/// whole server has to support all RPCs.
struct ServerStreamingLogging(Log<String>);

impl<N: Next<ResponseMessage = DummyResponse>> Interceptor<N> for ServerStreamingLogging {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        let log = self.0.clone();
        Ok(response.map(|payload| {
            payload.inspect_messages(move |response| log.push(response.output.clone()))
        }))
    }
}

/// What an RPC answered.
#[derive(Clone, Debug, PartialEq)]
enum Logged {
    One(String),
    Many(Vec<String>),
}

/// Logs the response of any RPC; a response stream is logged at its end.
struct OmniLogging(Log<Logged>);

impl<N: Next<ResponseMessage = DummyResponse>> Interceptor<N> for OmniLogging {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        let log = self.0.clone();
        if let Some(message) = response.get_ref().single() {
            log.push(Logged::One(message.output.clone()));
            return Ok(response);
        }
        let seen = Log::default();
        let messages = seen.clone();
        Ok(response.map(|stream| {
            stream.inspect_messages(move |response| messages.push(response.output.clone())).on_end(
                move |end| {
                    if let StreamEnd::Complete { .. } = end {
                        log.push(Logged::Many(seen.get()));
                    }
                },
            )
        }))
    }
}

/// Logs each message of a request stream.
struct ClientStreamingLogging(Log<String>);

impl<N: Next<RequestMessage = DummyRequest>> Interceptor<N> for ClientStreamingLogging {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let log = self.0.clone();
        let request = request.map(|payload| {
            payload.inspect_messages(move |request| log.push(request.input.clone()))
        });
        next.run(request).await
    }
}

/// The original also tests handlers that use `read()` and `write()`. Ours always read a stream
/// message by message.
#[tokio::test]
async fn client_streaming() {
    let mut client = testing::dummy()
        .server_interceptors(pass)
        .special_case("error", |_| "one".parse::<u32>().map(|number| number.to_string()))
        .start()
        .await
        .expect("it starts");
    let output = client.execute_client_stream(["foo", "bar"]).await;
    assert_eq!(output.expect("it echoes"), "foobar");
    let status = client.execute_client_stream(["foo", "error"]).await.expect_err("it fails");
    assert_eq!(status.code(), Code::Unknown);
}

#[tokio::test]
async fn server_streaming() {
    let dummy = testing::dummy().server_interceptors(pass);
    let mut client = dummy.start().await.expect("it starts");
    let outputs = client.execute_server_stream("foo").await;
    assert_eq!(outputs.expect("it echoes"), ["f", "o", "o"]);
}

#[tokio::test]
async fn client_server_streaming() {
    let dummy = testing::dummy().server_interceptors(pass);
    let mut client = dummy.start().await.expect("it starts");
    let outputs = client.execute_client_server_stream(["foo", "bar"]).await;
    assert_eq!(outputs.expect("it echoes"), ["foo", "bar"]);
}

#[tokio::test]
async fn interceptor_iterates_server_streaming() {
    let log = Log::default();
    let dummy = testing::dummy().server_interceptors(ServerStreamingLogging(log.clone()));
    let mut client = dummy.start().await.expect("it starts");
    let outputs = client.execute_server_stream("foo").await;
    assert_eq!(outputs.expect("it echoes"), ["f", "o", "o"]);
    assert_eq!(log.get(), ["f", "o", "o"]);
}

#[tokio::test]
async fn interceptor_handles_both_unary_and_streaming() {
    let log = Log::default();
    let dummy = testing::dummy().server_interceptors(OmniLogging(log.clone()));
    let mut client = dummy.start().await.expect("it starts");
    let outputs = client.execute_server_stream("foo").await;
    assert_eq!(outputs.expect("it echoes"), ["f", "o", "o"]);
    let both =
        [Logged::Many(["f", "o", "o"].map(str::to_owned).to_vec()), Logged::One("bar".to_owned())];
    assert_eq!(log.get(), both[..1]);
    assert_eq!(client.execute("bar").await.expect("it echoes"), "bar");
    assert_eq!(log.get(), both);
}

#[tokio::test]
async fn client_log_streaming() {
    let log = Log::default();
    let dummy = testing::dummy().server_interceptors(ClientStreamingLogging(log.clone()));
    let mut client = dummy.start().await.expect("it starts");
    let output = client.execute_client_stream(["foo", "bar"]).await;
    assert_eq!(output.expect("it echoes"), "foobar");
    assert_eq!(log.get(), ["foo", "bar"]);
}

/// The requests are written one by one while the call runs.
#[tokio::test(start_paused = true)]
async fn client_streaming_write_method() {
    let log = Log::default();
    let dummy = testing::dummy().server_interceptors(ClientStreamingLogging(log.clone()));
    let mut client = dummy.start().await.expect("it starts");
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut calling = client.get_mut().clone();
    let call = tokio::spawn(async move {
        calling.execute_client_stream(UnboundedReceiverStream::new(receiver)).await
    });
    for (number, input) in (1..).zip(["foo", "bar"]) {
        sender.send(DummyRequest { input: input.to_owned() }).expect("it is read");
        // With a paused clock, this returns once every task is idle.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(log.get(), ["foo", "bar"][..number]);
    }
    assert!(!call.is_finished());
    drop(sender);
    let response = call.await.expect("it doesn't panic").expect("it answers");
    assert_eq!(response.into_inner().output, "foobar");
    assert_eq!(log.get(), ["foo", "bar"]);
}
