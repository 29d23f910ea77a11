//! The testing kit's dummy service: a real server and a real client, in memory or on a socket, with
//! interceptors on both sides.

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{
    Context, Error, Interceptor, Next, Outcome, RpcKind, Side, interceptor,
    interceptors::ErrorToStatus,
    testing::{
        self, DummyClient, DummyRequest, DummyResponse, DummyService, FailFirst, RecordedOutcome,
        Recorder,
        dummy_service_client::{DummyServiceClient, DummyServiceInterceptors},
        dummy_service_server::{self, DummyServiceServer},
    },
};
use prost::Message as _;
use support::soon;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{
    Code, Request, Status,
    server::NamedService,
    transport::{Channel, Server, server::TcpIncoming},
};

/// What each RPC answers to the inputs in the tests below.
async fn assert_it_echoes<C: DummyServiceInterceptors<Channel>>(client: &mut DummyClient<C>) {
    let unary = client.execute("foo").await;
    assert_eq!(unary.expect("it echoes"), "foo");
    let client_stream = client.execute_client_stream(["foo", "", "bär"]).await;
    assert_eq!(client_stream.expect("it echoes"), "foobär");
    let server_stream = client.execute_server_stream("bär").await;
    assert_eq!(server_stream.expect("it echoes"), ["b", "ä", "r"]);
    let both = client.execute_client_server_stream(["foo", "", "bär"]).await;
    assert_eq!(both.expect("it echoes"), ["foo", "", "bär"]);

    // The empty string is an input as well.
    assert_eq!(client.execute("").await.expect("it echoes"), "");
    let nothing: [&str; 0] = [];
    let client_stream = client.execute_client_stream(nothing).await;
    assert_eq!(client_stream.expect("it echoes"), "");
    let server_stream = client.execute_server_stream("").await;
    assert_eq!(server_stream.expect("it echoes"), nothing);
    let both = client.execute_client_server_stream(nothing).await;
    assert_eq!(both.expect("it echoes"), nothing);
}

#[tokio::test]
async fn it_echoes_in_memory() {
    let mut client = testing::dummy().start().await.expect("it starts");
    assert_eq!(client.local_addr(), None);
    assert_it_echoes(&mut client).await;
}

#[tokio::test]
async fn it_echoes_on_loopback() {
    let mut client = testing::dummy().on_loopback().start().await.expect("it starts");
    assert!(client.local_addr().expect("it has a port").ip().is_loopback());
    assert_it_echoes(&mut client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_echoes_on_several_threads() {
    for dummy in [testing::dummy(), testing::dummy().on_loopback()] {
        let mut client = dummy.start().await.expect("it starts");
        assert_it_echoes(&mut client).await;
        soon(client.shutdown()).await;
    }
}

/// The three lines.
#[tokio::test]
async fn three_lines_test_an_interceptor() -> Result<(), Box<dyn std::error::Error>> {
    let mut client = testing::dummy()
        .server_interceptors((Tell::new("log").0, ErrorToStatus::new()))
        .special_case("error", |_| Err(Error::not_found("gone")))
        .start()
        .await?;
    assert_eq!(client.execute("foo").await?, "foo");
    assert_eq!(client.execute("error").await.unwrap_err().code(), Code::NotFound);
    Ok(())
}

/// Reports when it runs.
#[derive(Clone)]
struct Tell {
    name: &'static str,
    events: Arc<Mutex<Vec<String>>>,
}

impl Tell {
    fn new(name: &'static str) -> (Self, Arc<Mutex<Vec<String>>>) {
        let events = Arc::default();
        (Tell { name, events: Arc::clone(&events) }, events)
    }

    fn tell(&self, what: &str) {
        self.events.lock().expect("it isn't poisoned").push(format!("{what} {}", self.name));
    }
}

impl<N: Next> Interceptor<N> for Tell {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.tell("in");
        let outcome = next.run(request).await;
        self.tell("out");
        outcome
    }
}

#[tokio::test]
async fn interceptors_run_on_both_sides_from_the_outermost_to_the_innermost() {
    let (first, events) = Tell::new("first");
    let named = |name| Tell { name, events: Arc::clone(&events) };
    let mut client = testing::dummy()
        .client_interceptors((first, named("second")))
        .server_interceptors((named("third"), named("fourth")))
        .start()
        .await
        .expect("it starts");
    let expected = [
        "in first",
        "in second",
        "in third",
        "in fourth",
        "out fourth",
        "out third",
        "out second",
        "out first",
    ];
    let assert_order = || {
        let mut events = events.lock().expect("it isn't poisoned");
        assert_eq!(events.drain(..).collect::<Vec<_>>(), expected);
    };
    client.execute("a").await.expect("it echoes");
    assert_order();
    client.execute_client_stream(["a"]).await.expect("it echoes");
    assert_order();
    client.execute_server_stream("a").await.expect("it echoes");
    assert_order();
    client.execute_client_server_stream(["a"]).await.expect("it echoes");
    assert_order();
}

#[tokio::test]
async fn the_protocol_matches_the_python_package() {
    assert_eq!(<DummyServiceServer<DummyService> as NamedService>::NAME, "DummyService");
    let request = DummyRequest { input: "foo".to_owned() };
    assert_eq!(request.encode_to_vec(), b"\x0a\x03foo");
    let response = DummyResponse { output: "foo".to_owned() };
    assert_eq!(response.encode_to_vec(), b"\x0a\x03foo");

    let recorder = Recorder::new();
    let dummy = testing::dummy().server_interceptors(recorder.clone());
    assert_it_echoes(&mut dummy.start().await.expect("it starts")).await;
    let calls: Vec<_> = recorder
        .calls()
        .into_iter()
        .map(|call| (call.method_name.path(), call.kind, call.side))
        .take(4)
        .collect();
    let expected = [
        ("/DummyService/Execute", RpcKind::Unary),
        ("/DummyService/ExecuteClientStream", RpcKind::ClientStreaming),
        ("/DummyService/ExecuteServerStream", RpcKind::ServerStreaming),
        ("/DummyService/ExecuteClientServerStream", RpcKind::Bidirectional),
    ];
    assert_eq!(calls, expected.map(|(path, kind)| (path, kind, Side::Server)));
}

/// For one RPC only.
#[interceptor]
async fn shout<N>(mut request: Request<DummyRequest>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = DummyRequest, Response = DummyResponse>,
{
    request.get_mut().input.make_ascii_uppercase();
    next.run(request).await
}

#[tokio::test]
async fn a_client_interceptor_can_support_one_rpc_only() {
    let dummy = testing::dummy().client_interceptors(shout);
    let mut client = dummy.start().await.expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "FOO");
}

#[tokio::test]
async fn get_mut_gives_access_to_metadata_timeouts_and_streams() {
    let mut client = testing::dummy()
        .special_case("user", |request| format!("{:?}", request.metadata().get("user")))
        .special_case("error", |_| Err(Error::aborted("enough")))
        .start()
        .await
        .expect("it starts");

    let mut request = Request::new(DummyRequest { input: "user".to_owned() });
    request.metadata_mut().insert("user", "ada".parse().expect("it is ASCII"));
    let response = client.get_mut().execute(request).await.expect("it answers").into_inner();
    assert_eq!(response.output, r#"Some("ada")"#);

    // One after another, each sent when the previous one was answered.
    let (sender, receiver) = mpsc::unbounded_channel();
    let call =
        client.get_mut().execute_client_server_stream(UnboundedReceiverStream::new(receiver));
    let mut stream = call.await.expect("it starts").into_inner();
    for input in ["foo", "bar"] {
        sender.send(DummyRequest { input: input.to_owned() }).expect("it is read");
        let response = stream.message().await.expect("it continues").expect("it isn't at its end");
        assert_eq!(response.output, input);
    }
    // Messages before an error can be read.
    sender.send(DummyRequest { input: "error".to_owned() }).expect("it is read");
    assert_eq!(stream.message().await.expect_err("enough").code(), Code::Aborted);
}

#[tokio::test]
async fn calls_run_concurrently() {
    let mut client = testing::dummy()
        .special_case_async("forever", |_| std::future::pending::<String>())
        .start()
        .await
        .expect("it starts");
    let mut other = client.get_mut().clone();
    let forever =
        tokio::spawn(
            async move { other.execute(DummyRequest { input: "forever".to_owned() }).await },
        );
    for _ in 0..10 {
        assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    }
    assert!(!forever.is_finished());
    forever.abort();
}

#[tokio::test]
async fn many_run_concurrently() {
    let mut clients = Vec::new();
    for number in 0..50 {
        let dummy = testing::dummy().special_case("number", move |_| number.to_string());
        clients.push(dummy.start().await.expect("it starts"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.execute("number").await.expect("it answers"), number.to_string());
    }
}

#[tokio::test]
async fn large_messages_pass_in_memory() {
    // Many times more than is in transit at once, but less than tonic's limit.
    let large = "x".repeat(3 * 1024 * 1024);
    let mut client = testing::dummy().start().await.expect("it starts");
    assert!(client.execute(&large).await.expect("it echoes") == large);
    let all = client.execute_client_server_stream([&large, &large]).await.expect("it echoes");
    assert!(all == [large.as_str(), large.as_str()]);
}

#[tokio::test]
async fn another_client_can_call_the_server_on_loopback() {
    let recorder = Recorder::new();
    let dummy = testing::dummy().on_loopback().server_interceptors(recorder.clone());
    let mut client = dummy.start().await.expect("it starts");
    let address = client.local_addr().expect("it has a port");
    let mut other =
        DummyServiceClient::connect(format!("http://{address}")).await.expect("it runs");
    let request = DummyRequest { input: "foo".to_owned() };
    let response = other.execute(request.clone()).await.expect("it echoes").into_inner();
    assert_eq!(response.output, "foo");
    assert_eq!(client.execute("bar").await.expect("it echoes"), "bar");
    assert_eq!(recorder.calls().len(), 2);

    // After that the server no longer listens, and the other client's connection is closed,
    // including its open calls.
    let call = other.execute_client_server_stream(tokio_stream::pending());
    let mut stream = call.await.expect("it starts").into_inner();
    soon(client.shutdown()).await;
    soon(stream.message()).await.expect_err("the connection is closed");
    soon(other.execute(request)).await.expect_err("there is no server");
    tokio::net::TcpStream::connect(address).await.expect_err("there is no server");
    assert_eq!(recorder.calls()[2].outcome, Some(RecordedOutcome::Cancelled));
}

#[tokio::test]
async fn a_drop_also_ends_other_clients_connections() {
    let client = testing::dummy().on_loopback().start().await.expect("it starts");
    let address = client.local_addr().expect("it has a port");
    let mut other =
        DummyServiceClient::connect(format!("http://{address}")).await.expect("it runs");
    let call = other.execute_client_server_stream(tokio_stream::pending());
    let mut stream = call.await.expect("it starts").into_inner();
    drop(client);
    soon(stream.message()).await.expect_err("the connection is closed");
}

#[tokio::test]
async fn the_peers_address_is_available_on_loopback() {
    for (dummy, is_there) in [(testing::dummy(), "false"), (testing::dummy().on_loopback(), "true")]
    {
        let dummy = dummy.special_case("peer", |request| {
            request.remote_addr().is_some_and(|peer| peer.ip().is_loopback()).to_string()
        });
        let mut client = dummy.start().await.expect("it starts");
        assert_eq!(client.execute("peer").await.expect("it answers"), is_there);
    }
}

#[tokio::test]
async fn the_client_can_be_connected_to_another_server() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("it is an address"));
    let incoming = incoming.expect("there is a free port");
    let uri = format!("http://{}", incoming.local_addr().expect("it has a port"));
    let service = DummyService::new().special_case("who", |_| "another");
    let server = Server::builder().add_service(DummyServiceServer::new(service));
    let server = tokio::spawn(server.serve_with_incoming(incoming));

    let recorder = Recorder::new();
    let dummy = testing::dummy().client_interceptors(recorder.clone());
    let mut client = dummy.connect_to(uri).await.expect("it listens");
    assert_eq!(client.local_addr(), None);
    assert_eq!(client.execute("who").await.expect("it answers"), "another");
    assert_it_echoes(&mut client).await;
    assert_eq!(recorder.calls().len(), 9);
    soon(client.shutdown()).await;
    assert!(!server.is_finished());
    server.abort();
}

#[tokio::test]
async fn an_unreachable_server_is_an_error() {
    let unused = TcpIncoming::bind("127.0.0.1:0".parse().expect("it is an address"));
    let address = unused.expect("there is a free port").local_addr().expect("it has a port");
    let error = testing::dummy().connect_to(format!("http://{address}")).await;
    assert!(
        format!("{:?}", error.expect_err("nothing is listening")).contains("ConnectionRefused")
    );

    let error = testing::dummy().connect_to("no URI").await.expect_err("it isn't a URI");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let special_case = testing::dummy().special_case("foo", |_| "bar");
    let error = special_case.connect_to(format!("http://{address}")).await;
    assert_eq!(error.expect_err("whose?").kind(), io::ErrorKind::InvalidInput);
    let error = testing::dummy().on_loopback().connect_to(format!("http://{address}")).await;
    assert_eq!(error.expect_err("whose?").kind(), io::ErrorKind::InvalidInput);
}

/// The special cases belong to the service, no matter how it is served.
#[tokio::test]
async fn the_service_can_be_called_without_a_server() {
    use dummy_service_server::DummyService as _;

    let service = DummyService::new().special_case("ping", |_| "pong");
    let call = |input: &str| Request::new(DummyRequest { input: input.to_owned() });
    assert_eq!(
        service.execute(call("ping")).await.expect("it answers").into_inner().output,
        "pong"
    );
    let stream = service.execute_server_stream(call("ping")).await.expect("it answers");
    let all: Result<Vec<_>, Status> = stream.into_inner().collect().await;
    let all: Vec<_> = all.expect("it completes").into_iter().map(|one| one.output).collect();
    assert_eq!(all, ["p", "o", "n", "g"]);
}

#[tokio::test]
async fn the_last_interceptors_set_apply() {
    let away = || FailFirst::new(1, Status::unavailable("away"));
    let mut client = testing::dummy()
        .server_interceptors(away())
        .server_interceptors(())
        .client_interceptors(away())
        .client_interceptors(())
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it is available"), "foo");
}

#[tokio::test]
async fn a_requests_timeout_ends_the_call() {
    let mut client = testing::dummy()
        .special_case_async("forever", |_| std::future::pending::<String>())
        .start()
        .await
        .expect("it starts");
    let mut request = Request::new(DummyRequest { input: "forever".to_owned() });
    request.set_timeout(Duration::from_millis(20));
    let status = client.get_mut().execute(request).await.expect_err("it takes forever");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
}
