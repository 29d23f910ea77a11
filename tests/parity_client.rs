//! The tests of the Python package's `test_client.py`, with our types: see `tests/README.md`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _,
    testing::{self, Dummy, DummyClient, DummyRequest, DummyResponse},
};
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request, Response, Status,
    metadata::{AsciiMetadataValue, KeyAndValueRef},
};

/// Adds metadata to each call.
struct Metadata {
    key: &'static str,
    value: &'static str,
}

impl<N: Next> Interceptor<N> for Metadata {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.metadata_mut().insert(self.key, AsciiMetadataValue::from_static(self.value));
        next.run(request).await
    }
}

/// Counts the status codes of calls.
#[derive(Default)]
struct CodeCount(Mutex<HashMap<Code, usize>>);

impl CodeCount {
    fn assert_counts<const CODES: usize>(&self, counts: [(Code, usize); CODES]) {
        assert_eq!(*self.0.lock().expect("it isn't poisoned"), HashMap::from(counts));
    }
}

impl<N: Next> Interceptor<N> for CodeCount {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let outcome = next.run(request).await;
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        *self.0.lock().expect("it isn't poisoned").entry(code).or_default() += 1;
        outcome
    }
}

/// Retries failed calls.
struct Retry {
    retries: usize,
}

impl<N: Next<Request: Clone>> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, extensions, message) = request.into_parts();
        for _ in 0..self.retries {
            let attempt =
                Request::from_parts(metadata.clone(), extensions.clone(), message.clone());
            if let Ok(response) = next.run(attempt).await {
                return Ok(response);
            }
        }
        next.run(Request::from_parts(metadata, extensions, message)).await
    }
}

/// A service that fails this many times for this input, and then succeeds.
fn crashing(input: &str, crashes: usize) -> Dummy {
    let calls = AtomicUsize::new(0);
    testing::dummy().special_case(input, move |_| {
        if calls.fetch_add(1, Ordering::SeqCst) < crashes { Err("oops") } else { Ok("OK".into()) }
    })
}

/// Answers repeated requests from a cache, for single requests and for streams.
#[derive(Default)]
struct Caching(Mutex<HashMap<Vec<String>, DummyResponse>>);

impl<N> Interceptor<N> for Caching
where
    N: Next<RequestMessage = DummyRequest, Response = DummyResponse>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, extensions, mut payload) = request.into_parts();
        let key = match payload.single() {
            Some(request) => vec![request.input.clone()],
            None => {
                // To compute the key, the whole stream has to be read; then it is sent again.
                let mut stream = MessageStream::new(tokio_stream::empty());
                payload = payload.map_stream(|messages| {
                    stream = messages;
                    MessageStream::new(tokio_stream::empty())
                });
                let requests: Vec<_> = stream.collect::<Result<_, _>>().await?;
                let key = requests.iter().map(|request| request.input.clone()).collect();
                let again = tokio_stream::iter(requests.into_iter().map(Ok));
                payload = payload.map_stream(|_| MessageStream::new(again));
                key
            }
        };
        let cached = self.0.lock().expect("it isn't poisoned").get(&key).cloned();
        if let Some(response) = cached {
            return Ok(Response::new(response));
        }
        let response = next.run(Request::from_parts(metadata, extensions, payload)).await?;
        let answer = response.get_ref().clone();
        self.0.lock().expect("it isn't poisoned").insert(key, answer);
        Ok(response)
    }
}

const EXPECTED: &str = "this_key:this_value";

/// A client that adds metadata to its calls, and a server that returns all metadata it received.
async fn metadata_client() -> DummyClient<Metadata> {
    testing::dummy()
        .client_interceptors(Metadata { key: "this_key", value: "this_value" })
        .special_case("metadata", |request| {
            let entries = request.metadata().iter().map(|entry| match entry {
                KeyAndValueRef::Ascii(key, value) => format!("{key}:{}", value.to_str().unwrap()),
                KeyAndValueRef::Binary(key, value) => format!("{key}:{value:?}"),
            });
            entries.collect::<Vec<_>>().join(",")
        })
        .start()
        .await
        .expect("it starts")
}

fn assert_it_has_the_metadata(output: &str) {
    assert!(output.split(',').any(|entry| entry == EXPECTED), "{output}");
}

#[tokio::test]
async fn metadata_unary() {
    let output = metadata_client().await.execute("metadata").await;
    assert_it_has_the_metadata(&output.expect("it answers"));
}

#[tokio::test]
async fn metadata_server_stream() {
    let outputs = metadata_client().await.execute_server_stream("metadata").await;
    assert_it_has_the_metadata(&outputs.expect("it answers").concat());
}

#[tokio::test]
async fn metadata_client_stream() {
    let output = metadata_client().await.execute_client_stream(["metadata"]).await;
    assert_it_has_the_metadata(&output.expect("it answers"));
}

#[tokio::test]
async fn metadata_client_server_stream() {
    let outputs = metadata_client().await.execute_client_server_stream(["metadata"]).await;
    assert_it_has_the_metadata(&outputs.expect("it answers").concat());
}

#[tokio::test]
async fn code_counting() {
    let codes = Arc::new(CodeCount::default());
    let mut client = testing::dummy()
        .client_interceptors(Arc::clone(&codes))
        .special_case("error", |_| Err("oops"))
        .start()
        .await
        .expect("it starts");
    codes.assert_counts([]);
    client.execute("foo").await.expect("it echoes");
    codes.assert_counts([(Code::Ok, 1)]);
    client.execute("error").await.expect_err("it fails");
    codes.assert_counts([(Code::Ok, 1), (Code::Unknown, 1)]);
}

#[tokio::test]
async fn basic_retry() {
    let dummy = crashing("error_once", 1).client_interceptors(Retry { retries: 1 });
    let mut client = dummy.start().await.expect("it starts");
    assert_eq!(client.execute("error_once").await.expect("the second time"), "OK");
}

#[tokio::test]
async fn failed_retry() {
    let dummy = crashing("error_twice", 2).client_interceptors(Retry { retries: 1 });
    let mut client = dummy.start().await.expect("it starts");
    let status = client.execute("error_twice").await.expect_err("it fails both times");
    assert_eq!(status.code(), Code::Unknown);
    // It was tried exactly as often as requested.
    assert_eq!(client.execute("error_twice").await.expect("the third time"), "OK");
}

#[tokio::test]
async fn chaining() {
    let codes = Arc::new(CodeCount::default());
    let chain = (Retry { retries: 1 }, Arc::clone(&codes));
    let dummy = crashing("error_once", 1).client_interceptors(chain);
    let mut client = dummy.start().await.expect("it starts");
    codes.assert_counts([]);
    assert_eq!(client.execute("error_once").await.expect("the second time"), "OK");
    codes.assert_counts([(Code::Ok, 1), (Code::Unknown, 1)]);
}

#[tokio::test]
async fn caching() {
    let codes = Arc::new(CodeCount::default());
    let chain = (Caching::default(), Arc::clone(&codes));
    let dummy = testing::dummy().client_interceptors(chain);
    let mut client = dummy.start().await.expect("it starts");
    codes.assert_counts([]);
    for (input, calls) in [("hello", 1), ("hello", 1), ("goodbye", 2)] {
        assert_eq!(client.execute(input).await.expect("it echoes"), input);
        codes.assert_counts([(Code::Ok, calls)]);
    }
    for _ in 0..2 {
        let output = client.execute_client_stream(["foo", "bar"]).await;
        assert_eq!(output.expect("it echoes"), "foobar");
        codes.assert_counts([(Code::Ok, 3)]);
    }
}
