//! The tests of the Python package's `test_server.py`, with our types: see `tests/README.md`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use grpc_interceptor::{
    Context, Interceptor, MethodName, Next, Outcome, Payload as _, interceptor,
    testing::{self, DummyRequest},
};
use grpc_interceptor_proto::text::{Line, TextCodec};
use tonic::{
    Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Endpoint,
};

/// How often each RPC was called, and how often it failed.
#[derive(Default)]
struct Counting {
    calls: Mutex<HashMap<&'static str, usize>>,
    errors: Mutex<HashMap<&'static str, usize>>,
}

impl Counting {
    fn assert_counts(&self, calls: &[(&'static str, usize)], errors: &[(&'static str, usize)]) {
        let counted =
            |counts: &Mutex<HashMap<_, _>>| counts.lock().expect("it isn't poisoned").clone();
        assert_eq!(counted(&self.calls), calls.iter().copied().collect());
        assert_eq!(counted(&self.errors), errors.iter().copied().collect());
    }
}

impl<N: Next> Interceptor<N> for Counting {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let path = context.method_name().path();
        let count = |counts: &Mutex<HashMap<_, _>>| {
            *counts.lock().expect("it isn't poisoned").entry(path).or_default() += 1;
        };
        count(&self.calls);
        next.run(request).await.inspect_err(|_| count(&self.errors))
    }
}

#[tokio::test]
async fn call_counts() {
    let counting = Arc::new(Counting::default());
    let mut client = testing::dummy()
        .server_interceptors(Arc::clone(&counting))
        .special_case("error", |_| "one".parse::<u32>().map(|number| number.to_string()))
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    counting.assert_counts(&[("/DummyService/Execute", 1)], &[]);
    client.execute("error").await.expect_err("it fails");
    counting.assert_counts(&[("/DummyService/Execute", 2)], &[("/DummyService/Execute", 1)]);
}

/// Calls a closure, then the rest of the chain.
struct SideEffect<F>(F);

impl<N: Next, F: Fn() + Send + Sync> Interceptor<N> for SideEffect<F> {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        (self.0)();
        next.run(request).await
    }
}

#[tokio::test]
async fn interceptor_chain() {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let push = |number| {
        let trace = Arc::clone(&trace);
        SideEffect(move || trace.lock().expect("it isn't poisoned").push(number))
    };
    let mut client =
        testing::dummy().server_interceptors((push(1), push(2))).start().await.expect("it starts");
    assert_eq!(client.execute("test").await.expect("it echoes"), "test");
    assert_eq!(*trace.lock().expect("it isn't poisoned"), [1, 2]);
}

#[interceptor]
async fn uppercase<N>(mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = DummyRequest>,
{
    request = request.map(|payload| {
        payload.map_messages(|DummyRequest { input }| DummyRequest { input: input.to_uppercase() })
    });
    next.run(request).await
}

/// The original has one unary RPC; our interceptor handles all four kinds.
#[tokio::test]
async fn modifying_interceptor() {
    let dummy = testing::dummy().server_interceptors(uppercase);
    let mut client = dummy.start().await.expect("it starts");
    assert_eq!(client.execute("test").await.expect("it echoes"), "TEST");
    let output = client.execute_client_stream(["te", "st"]).await;
    assert_eq!(output.expect("it echoes"), "TEST");
    let outputs = client.execute_server_stream("te").await;
    assert_eq!(outputs.expect("it echoes"), ["T", "E"]);
    let outputs = client.execute_client_server_stream(["te", "st"]).await;
    assert_eq!(outputs.expect("it echoes"), ["TE", "ST"]);
}

/// Doesn't call the rest of the chain.
struct Aborting(&'static str);

impl<N: Next> Interceptor<N> for Aborting {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        Err(Status::aborted(self.0))
    }
}

#[tokio::test]
async fn aborting_interceptor() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let mut client = testing::dummy()
        .server_interceptors(Aborting("oh no"))
        .special_case("test", move |_| count.fetch_add(1, Ordering::SeqCst).to_string())
        .start()
        .await
        .expect("it starts");
    let status = client.execute("test").await.expect_err("it is aborted");
    assert_eq!((status.code(), status.message()), (Code::Aborted, "oh no"));
    assert_eq!(handled.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn method_not_found() {
    let counting = Arc::new(Counting::default());
    let dummy = testing::dummy().server_interceptors(Arc::clone(&counting)).on_loopback();
    let client = dummy.start().await.expect("it starts");
    let address = client.local_addr().expect("it has a port");

    // The generated client has no such method.
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("it is a URI");
    let mut other = Grpc::new(endpoint.connect().await.expect("it listens"));
    other.ready().await.expect("it is connected");
    let path = PathAndQuery::from_static("/DummyService/Unimplemented");
    let codec = TextCodec::<String, Line>::default();
    let outcome = other.unary(Request::new(String::new()), path, codec).await;
    assert_eq!(outcome.expect_err("there is no such RPC").code(), Code::Unimplemented);
    counting.assert_counts(&[], &[]);
}

#[test]
fn method_name() {
    let name = MethodName::parse("/foo.bar.SearchService/Search").expect("it is one");
    assert_eq!(name.fully_qualified_service(), "foo.bar.SearchService");
    assert_eq!(name.to_string(), "/foo.bar.SearchService/Search");
}

#[test]
fn empty_package_method_name() {
    let name = MethodName::parse("/SearchService/Search").expect("it is one");
    assert_eq!(name.fully_qualified_service(), "SearchService");
}

#[test]
fn parse_method_name() {
    let name = MethodName::parse("/foo.bar.SearchService/Search").expect("it is one");
    assert_eq!(
        (name.package(), name.service(), name.method()),
        ("foo.bar", "SearchService", "Search")
    );
}

#[test]
fn parse_empty_package() {
    let name = MethodName::parse("/SearchService/Search").expect("it is one");
    assert_eq!((name.package(), name.service(), name.method()), ("", "SearchService", "Search"));
}
