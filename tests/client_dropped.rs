//! When a call is dropped, the client's interceptors are dropped where they wait, innermost first,
//! and the call is cancelled on the server.

mod support;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload as _};
use std::time::Duration;
use support::{
    Client, GreeterClient, GreeterServer, all, connect, events, greeter,
    guard::{Events, Guard, Guarded},
    hello, many, next, reply, soon, tell,
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Status};
use tower::limit::ConcurrencyLimit;

/// Never gets to calling `next`.
struct Waits(Events, &'static str);

impl<N: Next> Interceptor<N> for Waits {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        let _guard = Guard::new(&self.0, self.1);
        std::future::pending().await
    }
}

/// A server that never answers.
struct Silent {
    waits: Waits,
}

greeter!(Silent, [self.waits]);

type Chain = (Guarded, Guarded);

async fn silent() -> (Client, Chain, UnboundedReceiver<String>) {
    let (sender, receiver) = events();
    let chain = (Guarded(sender.clone(), "outer"), Guarded(sender.clone(), "inner"));
    let server = GreeterServer::new(Silent { waits: Waits(sender, "server") });
    (connect(server).await, chain, receiver)
}

/// Waits until the call has arrived, drops it, and checks what happens then.
async fn give_up<T>(
    call: JoinHandle<Result<T, Status>>,
    server: Client,
    mut events: UnboundedReceiver<String>,
) {
    for begins in ["outer begins", "inner begins", "server begins"] {
        assert_eq!(next(&mut events).await, begins);
    }
    call.abort();
    let cancelled = call.await.err().expect("the call doesn't come to an end");
    assert!(cancelled.is_cancelled());
    // This happens while the connection is still open.
    for dropped in ["inner is dropped", "outer is dropped", "server is dropped"] {
        assert_eq!(next(&mut events).await, dropped);
    }
    drop(server);
    assert_eq!(all(events).await, [""; 0]);
}

#[tokio::test]
async fn a_unary_call_is_dropped_where_it_waits() {
    let (server, chain, events) = silent().await;
    let mut client = server.through(chain);
    let call = tokio::spawn(async move { client.say_hello(hello("you")).await });
    give_up(call, server, events).await;
}

#[tokio::test]
async fn a_client_streaming_call_is_dropped_where_it_waits() {
    let (server, chain, events) = silent().await;
    let mut client = server.through(chain);
    let requests = tokio_stream::pending();
    let call = tokio::spawn(async move { client.greet_everybody(requests).await });
    give_up(call, server, events).await;
}

#[tokio::test]
async fn a_server_streaming_call_is_dropped_where_it_waits() {
    let (server, chain, events) = silent().await;
    let mut client = server.through(chain);
    let call = tokio::spawn(async move { client.greet_many_times(many("you", 1)).await });
    give_up(call, server, events).await;
}

#[tokio::test]
async fn a_chat_is_dropped_where_it_waits() {
    let (server, chain, events) = silent().await;
    let mut client = server.through(chain);
    let requests = tokio_stream::pending();
    let call = tokio::spawn(async move { client.chat(requests).await });
    give_up(call, server, events).await;
}

#[tokio::test]
async fn a_call_is_dropped_where_an_interceptor_waits() {
    let (sender, mut events) = events();
    let server = connect(GreeterServer::new(Silent { waits: Waits(sender.clone(), "server") }));
    let server = server.await;
    let mut client = server.through((Guarded(sender.clone(), "outer"), Waits(sender, "inner")));
    let call = tokio::spawn(async move { client.say_hello(hello("you")).await });
    for begins in ["outer begins", "inner begins"] {
        assert_eq!(next(&mut events).await, begins);
    }
    call.abort();
    let cancelled = call.await.expect_err("the call doesn't come to an end");
    assert!(cancelled.is_cancelled());
    drop(server);
    // The server was never called.
    assert_eq!(all(events).await, ["inner is dropped", "outer is dropped"]);
}

/// Puts a guard into each of the streams.
struct InStreams(Events);

impl<N: Next> Interceptor<N> for InStreams {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let guard = Guard::new(&self.0, "request stream");
        let request = request.map(|payload| {
            payload.inspect_messages(move |_| tell(&guard.0, "a request passes".to_owned()))
        });
        let guard = Guard::new(&self.0, "response stream");
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.inspect_messages(move |_| tell(&guard.0, "a response passes".to_owned()))
        }))
    }
}

struct Plain;

greeter!(Plain, []);

#[tokio::test]
async fn both_streams_of_a_chat_are_dropped_midway() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, mut events) = events();
    let mut client = server.through(InStreams(sender));
    let (requests, outgoing) = support::events();
    tell(&requests, hello("you"));
    let call = client.chat(UnboundedReceiverStream::new(outgoing));
    let mut stream = soon(call).await.expect("it starts").into_inner();
    assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("Hello you")));
    for event in
        ["request stream begins", "response stream begins", "a request passes", "a response passes"]
    {
        assert_eq!(next(&mut events).await, event);
    }
    drop(stream);
    assert_eq!(next(&mut events).await, "response stream is dropped");
    // A client cancels a stream once both of its halves are dropped.
    drop(requests);
    assert_eq!(next(&mut events).await, "request stream is dropped");
    drop(client);
    assert_eq!(all(events).await, [""; 0]);
}

#[tokio::test]
async fn a_call_that_is_dropped_in_the_queue_gives_up_its_turn() {
    let (client, _, mut receiver) = silent().await;
    let line = ConcurrencyLimit::new(client.channel(), 1);
    let client = || GreeterClient::with_interceptors(line.clone(), ());
    let (mut first, mut second, mut third) = (client(), client(), client());

    let running = tokio::spawn(async move { first.say_hello(hello("Ada")).await });
    assert_eq!(next(&mut receiver).await, "server begins");
    let waiting = second.say_hello(hello("Bob"));
    tokio::time::timeout(Duration::from_millis(20), waiting).await.expect_err("it isn't its turn");
    running.abort();
    assert_eq!(next(&mut receiver).await, "server is dropped");

    // The second client, whose turn it would be, still exists.
    let running = tokio::spawn(async move { third.say_hello(hello("Eve")).await });
    assert_eq!(next(&mut receiver).await, "server begins");
    running.abort();
    drop(second);
}
