//! Your own server, run by the testing kit: anything that tonic can serve, in memory or on a
//! socket, until it is dropped.

mod support;

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use grpc_interceptor::testing::{self, RecordedOutcome, Recorder, RunningServer, Servable};
use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer as StubsServer};
use support::{
    GreetManyTimesRequest, GreeterClient, GreeterServer, HelloReply, HelloRequest, Tag,
    call_each_through, greeter,
    guard::{Events, Guard},
    hello, many, next, plain_answers, reply, soon, values,
};
use tokio::{runtime::Handle, sync::mpsc::UnboundedReceiver, task::JoinHandle, time::Instant};
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{BoxStream, http},
    service::{Routes, interceptor::InterceptedService},
    transport::{Channel, Server, server::Router},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

struct Plain;

greeter!(Plain, []);

/// A greeter that takes its time, and reports when a call has ended.
#[derive(Clone)]
struct Slow(Events);

impl Slow {
    fn new() -> (Self, UnboundedReceiver<String>) {
        let (events, receiver) = support::events();
        (Slow(events), receiver)
    }
}

const MINUTE: &str = "a minute";
const FOREVER: &str = "forever";

#[tonic::async_trait]
impl greeter_server::Greeter for Slow {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let _guard = Guard::new(&self.0, "the handler");
        let HelloRequest { name } = request.into_inner();
        match name.as_str() {
            MINUTE => tokio::time::sleep(Duration::from_secs(60)).await,
            FOREVER => pending().await,
            _ => {}
        }
        Ok(Response::new(reply(format!("Hello {name}"))))
    }

    /// One message, then nothing more.
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let guard = Guard::new(&self.0, "the stream");
        let first = reply(format!("Hello {}", request.into_inner().name));
        let rest = tokio_stream::pending().map(move |never| {
            let _ = &guard;
            never
        });
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(first)).chain(rest))))
    }
}

/// The three lines.
#[tokio::test]
async fn three_lines_test_a_service() -> Result<(), Box<dyn std::error::Error>> {
    let server = testing::serve(GreeterServer::new(Plain)).start().await?;
    let mut client = GreeterClient::new(server.channel());
    assert_eq!(client.say_hello(hello("Ada")).await?.into_inner().message, "Hello Ada");
    Ok(())
}

async fn start<K>(server: impl Servable<K>, on_loopback: bool) -> RunningServer {
    let server = testing::serve(server);
    let server = if on_loopback { server.on_loopback() } else { server };
    server.start().await.expect("it starts")
}

async fn assert_it_greets(channel: Channel) {
    let mut client = GreeterClient::with_interceptors(channel, ());
    let answers = call_each_through(&mut client, "Ada").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
}

async fn all_kinds_of_rpc_are_served<K>(server: impl Servable<K> + Clone) {
    let in_memory = start(server.clone(), false).await;
    assert_eq!(in_memory.local_addr(), None);
    assert_it_greets(in_memory.channel()).await;
    let on_loopback = start(server, true).await;
    assert!(on_loopback.local_addr().expect("it has a port").ip().is_loopback());
    assert_it_greets(on_loopback.channel()).await;
    soon(in_memory.shutdown()).await;
    soon(on_loopback.shutdown()).await;
}

#[tokio::test]
async fn a_generated_server_is_served() {
    all_kinds_of_rpc_are_served(GreeterServer::new(Plain)).await;
}

#[tokio::test]
async fn a_router_is_served() {
    for on_loopback in [false, true] {
        let router = Server::builder().add_service(GreeterServer::new(Plain));
        let server = start(router, on_loopback).await;
        assert_eq!(server.local_addr().is_some(), on_loopback);
        assert_it_greets(server.channel()).await;
        soon(server.shutdown()).await;
    }
}

#[tokio::test]
async fn routes_are_served() {
    all_kinds_of_rpc_are_served(Routes::new(GreeterServer::new(Plain))).await;
}

/// Anything else that takes requests and never fails, with another body type.
#[tokio::test]
async fn an_axum_router_is_served() {
    all_kinds_of_rpc_are_served(Routes::new(GreeterServer::new(Plain)).into_axum_router()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_served_on_several_threads() {
    all_kinds_of_rpc_are_served(GreeterServer::new(Plain)).await;
    all_kinds_of_rpc_are_served(Routes::new(GreeterServer::new(Plain))).await;
    let server = start(Server::builder().add_service(GreeterServer::new(Plain)), false).await;
    assert_it_greets(server.channel()).await;
    soon(server.shutdown()).await;
}

#[tokio::test]
async fn interceptors_run_on_the_service_and_the_client() {
    let recorder = Recorder::new();
    let greeter = GreeterServer::with_interceptors(Plain, (recorder.clone(), Tag("server")));
    let server = start(greeter, false).await;
    let mut client = GreeterClient::with_interceptors(server.channel(), Tag("client"));
    let response = client.say_hello(hello("Ada")).await.expect("it greets");
    assert_eq!(values(response.metadata(), "seen"), ["client", "server"]);
    assert_eq!(recorder.calls().len(), 1);
}

#[tokio::test]
async fn tonics_interceptors_can_be_around_the_server() {
    let refuse = |_: Request<()>| Err(Status::permission_denied("not you"));
    let server = start(InterceptedService::new(GreeterServer::new(Plain), refuse), false).await;
    let status = GreeterClient::new(server.channel()).say_hello(hello("Ada")).await;
    assert_eq!(status.expect_err("it refuses").code(), Code::PermissionDenied);
}

/// Counts the requests that pass, and tells the handler about it.
fn count(
    passed: &Arc<AtomicUsize>,
) -> impl Fn(http::Request<Body>) -> http::Request<Body> + Clone + Send + 'static {
    let passed = Arc::clone(passed);
    move |mut request| {
        passed.fetch_add(1, Ordering::Relaxed);
        request.headers_mut().append("to-handler", http::HeaderValue::from_static("layer"));
        request
    }
}

#[tokio::test]
async fn a_router_has_all_its_services_and_its_layers() {
    let passed = Arc::default();
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<GreeterServer<Plain>>().await;
    let router = Server::builder()
        .layer(tower::util::MapRequestLayer::new(count(&passed)))
        // It has another error type, and clones its inner service.
        .layer(tower::buffer::BufferLayer::<http::Request<Body>>::new(8))
        .add_service(health)
        .add_service(GreeterServer::new(Plain));
    let server = start(router, false).await;

    let request = HealthCheckRequest { service: "greeter.v1.Greeter".to_owned() };
    let mut health = HealthClient::new(server.channel());
    let response = health.check(request).await.expect("it is known").into_inner();
    assert_eq!(response.status().as_str_name(), "SERVING");
    assert_eq!(passed.load(Ordering::Relaxed), 1);

    let mut client = GreeterClient::new(server.channel());
    let response = client.say_hello(hello("Ada")).await.expect("it greets");
    assert_eq!(values(response.metadata(), "seen"), ["layer"]);
    assert_it_greets(server.channel()).await;
    assert_eq!(passed.load(Ordering::Relaxed), 6);
}

/// Time is tokio's: it stands still except for timers.
#[tokio::test(start_paused = true)]
async fn a_router_has_its_settings() {
    let (slow, _events) = Slow::new();
    let mut builder = Server::builder().timeout(Duration::from_secs(30));
    let server = start(builder.add_service(StubsServer::new(slow)), false).await;
    let before = Instant::now();
    let mut client = GreeterClient::new(server.channel());
    client.say_hello(hello(MINUTE)).await.expect_err("it takes too long");
    assert_eq!(before.elapsed().as_secs(), 30);
}

/// A server can close its connection: the channel then opens another.
#[tokio::test(start_paused = true)]
async fn the_channel_reconnects() {
    let mut builder = Server::builder().max_connection_age(Duration::from_secs(60));
    let server = start(builder.add_service(GreeterServer::new(Plain)), false).await;
    for _ in 0..3 {
        assert_it_greets(server.channel()).await;
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    soon(server.shutdown()).await;
}

#[tokio::test]
async fn routes_have_all_their_services() {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<GreeterServer<Plain>>().await;
    let server = start(Routes::new(health).add_service(GreeterServer::new(Plain)), false).await;
    assert_it_greets(server.channel()).await;
    let mut health = HealthClient::new(server.channel());
    health.check(HealthCheckRequest::default()).await.expect("it is known");

    // The others are unknown, as they are to a single service.
    let nobody = start(Routes::default(), false).await;
    let alone = start(StubsServer::new(Slow::new().0), false).await;
    for channel in [nobody.channel(), alone.channel()] {
        let status = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
        assert_eq!(status.expect_err("it is unknown").code(), Code::Unimplemented);
    }
}

async fn a_minute_takes_no_time<K>(server: impl Servable<K>) {
    let server = start(server, false).await;
    let mut client = GreeterClient::new(server.channel());
    let before = Instant::now();
    let response = client.say_hello(hello(MINUTE)).await.expect("it greets");
    assert_eq!(response.into_inner().message, "Hello a minute");
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_minute_takes_no_time_on_a_paused_clock() {
    let before = std::time::Instant::now();
    let greeter = StubsServer::new(Slow::new().0);
    a_minute_takes_no_time(greeter.clone()).await;
    a_minute_takes_no_time(Routes::new(greeter.clone())).await;
    a_minute_takes_no_time(Server::builder().add_service(greeter)).await;
    assert!(before.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn another_client_can_call_the_server_by_its_address() {
    let recorder = Recorder::new();
    let greeter = GreeterServer::with_interceptors(Plain, recorder.clone());
    let server = start(greeter, true).await;
    let address = server.local_addr().expect("it has a port");
    let mut other = GreeterClient::connect(format!("http://{address}")).await.expect("it runs");
    other.say_hello(hello("Ada")).await.expect("it greets");
    assert_it_greets(server.channel()).await;
    assert_eq!(recorder.calls().len(), 5);

    // After that the server no longer listens, and the other client's connection is closed,
    // including its open calls.
    let call = other.chat(tokio_stream::pending()).await;
    let mut stream = call.expect("it starts").into_inner();
    soon(server.shutdown()).await;
    soon(stream.message()).await.expect_err("the connection is closed");
    soon(other.say_hello(hello("Ada"))).await.expect_err("there is no server");
    tokio::net::TcpStream::connect(address).await.expect_err("there is no server");
    assert_eq!(recorder.calls()[5].outcome, Some(RecordedOutcome::Cancelled));
}

#[tokio::test]
async fn the_peers_address_is_available_on_loopback() {
    for on_loopback in [false, true] {
        let tell = |mut request: Request<()>| {
            if request.remote_addr().is_some_and(|peer| peer.ip().is_loopback()) {
                request.metadata_mut().insert("to-handler", "peer".parse().expect("it is text"));
            }
            Ok(request)
        };
        let greeter = InterceptedService::new(GreeterServer::new(Plain), tell);
        let server = start(Server::builder().add_service(greeter), on_loopback).await;
        let response = GreeterClient::new(server.channel()).say_hello(hello("Ada")).await;
        let response = response.expect("it greets");
        assert_eq!(!values(response.metadata(), "seen").is_empty(), on_loopback);
    }
}

#[tokio::test]
async fn several_run_concurrently() {
    let mut servers = Vec::new();
    for _ in 0..20 {
        let (slow, events) = Slow::new();
        servers.push((start(StubsServer::new(slow), false).await, events));
    }
    for (server, events) in &mut servers {
        let mut client = GreeterClient::new(server.channel());
        client.say_hello(hello("Ada")).await.expect("it greets");
        assert_eq!(next(events).await, "the handler begins");
        assert_eq!(next(events).await, "the handler is dropped");
    }
    // Each was called only by its own client, and ending one doesn't end the others.
    servers.drain(..10);
    for (server, events) in &mut servers {
        assert!(events.try_recv().is_err());
        let mut client = GreeterClient::new(server.channel());
        client.say_hello(hello("Ada")).await.expect("it greets");
    }
}

/// A call and a stream that never end by themselves.
struct InFlight {
    call: JoinHandle<Result<Response<HelloReply>, Status>>,
    stream: tonic::Streaming<HelloReply>,
}

impl InFlight {
    async fn begin(channel: Channel, events: &mut UnboundedReceiver<String>) -> Self {
        let mut client = GreeterClient::new(channel);
        let stream = client.greet_many_times(many("Ada", 1)).await.expect("it starts");
        let mut stream = stream.into_inner();
        let first = stream.message().await.expect("it continues").expect("there is a first");
        assert_eq!(first.message, "Hello Ada");
        assert_eq!(next(events).await, "the stream begins");
        let call = tokio::spawn(async move { client.say_hello(hello(FOREVER)).await });
        assert_eq!(next(events).await, "the handler begins");
        InFlight { call, stream }
    }

    async fn assert_failed(mut self) {
        soon(self.call).await.expect("it doesn't panic").expect_err("it is never answered");
        soon(self.stream.message()).await.expect_err("it is cut off");
    }
}

const DROPPED: [&str; 2] = ["the handler is dropped", "the stream is dropped"];

async fn a_drop_ends_what_is_in_flight<K>(
    server: impl Servable<K>,
    events: &mut UnboundedReceiver<String>,
    on_loopback: bool,
) {
    let server = start(server, on_loopback).await;
    let channel = server.channel();
    let in_flight = InFlight::begin(channel.clone(), events).await;
    // Left alone, it continues.
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(events.try_recv().is_err());
    drop(server);
    let mut dropped = [next(events).await, next(events).await];
    dropped.sort();
    assert_eq!(dropped, DROPPED);
    in_flight.assert_failed().await;
    let again = soon(GreeterClient::new(channel).say_hello(hello("Ada"))).await;
    again.expect_err("there is no server");
}

#[tokio::test]
async fn a_drop_ends_a_handler_in_flight() {
    for on_loopback in [false, true] {
        let (slow, mut events) = Slow::new();
        let greeter = StubsServer::new(slow);
        a_drop_ends_what_is_in_flight(greeter.clone(), &mut events, on_loopback).await;
        a_drop_ends_what_is_in_flight(Routes::new(greeter.clone()), &mut events, on_loopback).await;
        let router = Server::builder().add_service(greeter);
        a_drop_ends_what_is_in_flight(router, &mut events, on_loopback).await;
    }
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Everything in flight has been dropped when shutdown returns: the test doesn't wait for anything.
async fn shutdown_waits<K>(
    server: impl Servable<K>,
    events: &mut UnboundedReceiver<String>,
    on_loopback: bool,
) {
    let before = tasks();
    let server = start(server, on_loopback).await;
    let in_flight = InFlight::begin(server.channel(), events).await;
    assert!(tasks() > before);
    soon(server.shutdown()).await;
    let mut dropped = [(); 2].map(|()| events.try_recv().expect("it was dropped"));
    dropped.sort();
    assert_eq!(dropped, DROPPED);
    in_flight.assert_failed().await;
    // With a single thread, tasks can't be in the middle of ending.
    assert_eq!(tasks(), before);
}

#[tokio::test]
async fn shutdown_waits_for_all_tasks() {
    for on_loopback in [false, true] {
        let (slow, mut events) = Slow::new();
        let greeter = StubsServer::new(slow);
        shutdown_waits(greeter.clone(), &mut events, on_loopback).await;
        shutdown_waits(Routes::new(greeter.clone()), &mut events, on_loopback).await;
        let router = || Server::builder().add_service(greeter.clone());
        shutdown_waits(router(), &mut events, on_loopback).await;
        let identity = tower::layer::util::Identity::new();
        let layered: Router<_> = Server::builder().layer(identity).add_service(greeter.clone());
        shutdown_waits(layered, &mut events, on_loopback).await;
    }
}

/// So many that they can't all have ended by chance.
#[tokio::test]
async fn shutdown_of_a_router_waits_for_many_calls() {
    let (slow, mut events) = Slow::new();
    let before = tasks();
    let server = start(Server::builder().add_service(StubsServer::new(slow)), false).await;
    let mut calls = Vec::new();
    for _ in 0..100 {
        let mut client = GreeterClient::new(server.channel());
        calls.push(tokio::spawn(async move { client.say_hello(hello(FOREVER)).await }));
    }
    for _ in 0..100 {
        assert_eq!(next(&mut events).await, "the handler begins");
    }
    soon(server.shutdown()).await;
    for _ in 0..100 {
        assert_eq!(events.try_recv().expect("it was dropped"), "the handler is dropped");
    }
    for call in calls {
        call.await.expect("it doesn't panic").expect_err("it is never answered");
    }
    assert_eq!(tasks(), before);
}

/// Takes a while to be dropped.
struct Reluctant(Arc<AtomicBool>);

impl Drop for Reluctant {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(100));
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Lingering {
    begun: Events,
    is_dropped: Arc<AtomicBool>,
}

#[tonic::async_trait]
impl greeter_server::Greeter for Lingering {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let _reluctant = Reluctant(Arc::clone(&self.is_dropped));
        support::tell(&self.begun, "it begins".to_owned());
        pending().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_waits_for_drops_on_other_threads() {
    let (begun, mut events) = support::events();
    let is_dropped = Arc::default();
    let greeter = StubsServer::new(Lingering { begun, is_dropped: Arc::clone(&is_dropped) });
    let server = start(greeter, false).await;
    let mut client = GreeterClient::new(server.channel());
    let call = tokio::spawn(async move { client.say_hello(hello("Ada")).await });
    next(&mut events).await;
    assert!(!is_dropped.load(Ordering::SeqCst));
    soon(server.shutdown()).await;
    assert!(is_dropped.load(Ordering::SeqCst));
    call.await.expect("it doesn't panic").expect_err("it is never answered");
}

/// Waits until there are no more tasks than before, and fails rather than hangs.
async fn assert_back_to(before: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    if waited.await.is_err() {
        panic!("{} tasks are left", tasks() - before);
    }
}

async fn leaves_no_task<K>(server: impl Servable<K>) {
    let before = tasks();
    let server = start(server, false).await;
    assert_it_greets(server.channel()).await;
    let mut client = GreeterClient::new(server.channel());
    let call = client.chat(tokio_stream::once(hello("Ada")).chain(tokio_stream::pending())).await;
    let mut stream = call.expect("it starts").into_inner();
    stream.message().await.expect("it continues").expect("there is a first");
    assert!(tasks() > before);
    drop(server);
    // The client and the stream still exist.
    assert_back_to(before).await;
    drop((client, stream));
}

#[tokio::test]
async fn no_task_is_left_after_a_drop() {
    leaves_no_task(GreeterServer::new(Plain)).await;
    leaves_no_task(Routes::new(GreeterServer::new(Plain))).await;
    leaves_no_task(Server::builder().add_service(GreeterServer::new(Plain))).await;
}

#[tokio::test]
async fn no_task_is_left_of_unused_or_unstarted_servers() {
    let before = tasks();
    for on_loopback in [false, true] {
        drop(start(GreeterServer::new(Plain), on_loopback).await);
        drop(start(Server::builder().add_service(GreeterServer::new(Plain)), on_loopback).await);
        drop(testing::serve(GreeterServer::new(Plain)).start());
    }
    assert_back_to(before).await;
}

#[test]
fn a_server_can_outlive_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let server = runtime.block_on(start(GreeterServer::new(Plain), false));
    drop(runtime);
    drop(server);
}
