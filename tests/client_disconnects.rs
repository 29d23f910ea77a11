//! When the client cancels, the chain is dropped where it waits, innermost first, and nothing of it
//! keeps running.

mod support;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload as _, intercepted};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{
    BoxStream, Client, GreetManyTimesRequest, HelloReply, HelloRequest, all, connect, events,
    guard::{Events, Guard, Guarded},
    hello, many, next, reply, soon, tell,
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// Answers only after waiting.
struct Waiting {
    events: Events,
    outer: Guarded,
    inner: Guarded,
}

impl Waiting {
    async fn wait(&self) -> Status {
        let _guard = Guard::new(&self.events, "handler");
        std::future::pending().await
    }
}

#[intercepted(self.outer, self.inner)]
impl Greeter for Waiting {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        Err(self.wait().await)
    }

    async fn greet_everybody(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(self.wait().await)
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Err(self.wait().await)
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(self.wait().await)
    }
}

async fn waiting() -> (Client, UnboundedReceiver<String>) {
    let (sender, receiver) = events();
    let server = GreeterServer::new(Waiting {
        outer: Guarded(sender.clone(), "outer"),
        inner: Guarded(sender.clone(), "inner"),
        events: sender,
    });
    (connect(server).await, receiver)
}

/// Waits until the handler waits, cancels the call, and checks what happens then.
async fn give_up<T>(
    call: JoinHandle<Result<T, Status>>,
    client: Client,
    mut events: UnboundedReceiver<String>,
) {
    for begins in ["outer begins", "inner begins", "handler begins"] {
        assert_eq!(next(&mut events).await, begins);
    }
    call.abort();
    let cancelled = call.await.err().expect("the call doesn't come to an end");
    assert!(cancelled.is_cancelled());
    // This happens while the connection is still open.
    for dropped in ["handler is dropped", "inner is dropped", "outer is dropped"] {
        assert_eq!(next(&mut events).await, dropped);
    }
    drop(client);
    assert_eq!(all(events).await, [""; 0]);
}

#[tokio::test]
async fn a_unary_call_is_dropped_where_it_waits() {
    let (client, events) = waiting().await;
    let mut greeter = client.clone();
    let call = tokio::spawn(async move { greeter.say_hello(hello("you")).await });
    give_up(call, client, events).await;
}

#[tokio::test]
async fn a_client_streaming_call_is_dropped_where_it_waits() {
    let (client, events) = waiting().await;
    let mut greeter = client.clone();
    let requests = tokio_stream::pending();
    let call = tokio::spawn(async move { greeter.greet_everybody(requests).await });
    give_up(call, client, events).await;
}

#[tokio::test]
async fn a_server_streaming_call_is_dropped_where_it_waits() {
    let (client, events) = waiting().await;
    let mut greeter = client.clone();
    let call = tokio::spawn(async move { greeter.greet_many_times(many("you", 1)).await });
    give_up(call, client, events).await;
}

#[tokio::test]
async fn a_chat_is_dropped_where_it_waits() {
    let (client, events) = waiting().await;
    let mut greeter = client.clone();
    let requests = tokio_stream::pending();
    let call = tokio::spawn(async move { greeter.chat(requests).await });
    give_up(call, client, events).await;
}

/// Puts a guard into the streams, which lives as long as they do.
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

/// Sends one message, then waits for the next while holding the stream.
struct Streams {
    events: Events,
    in_streams: InStreams,
}

#[intercepted(self.in_streams)]
impl Greeter for Streams {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        support::say_hello(request).await
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        support::greet_everybody(request).await
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let guard = Guard::new(&self.events, "handler's stream");
        let stream = tokio_stream::once(Ok(reply("one"))).chain(tokio_stream::pending());
        Ok(Response::new(Box::pin(stream.map(move |item| {
            let _held = &guard;
            item
        }))))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let guard = Guard::new(&self.events, "handler's stream");
        // This one continues even after the client has sent everything.
        let stream = request.into_inner().chain(tokio_stream::pending());
        Ok(Response::new(Box::pin(stream.map(move |request| {
            let _held = &guard;
            Ok(reply(request?.name))
        }))))
    }
}

/// Checks what happens once the client has dropped the stream in its middle.
async fn dropped(
    client: Client,
    mut events: UnboundedReceiver<String>,
    mut expected: Vec<&'static str>,
) {
    // This happens while the connection is still open, in any order.
    while !expected.is_empty() {
        let event = next(&mut events).await;
        let at = expected.iter().position(|expected| *expected == event);
        expected.remove(at.unwrap_or_else(|| panic!("{event:?} isn't one of {expected:?}")));
    }
    drop(client);
    assert_eq!(all(events).await, [""; 0]);
}

async fn streams() -> (Client, UnboundedReceiver<String>) {
    let (sender, receiver) = events();
    let in_streams = InStreams(sender.clone());
    (connect(GreeterServer::new(Streams { events: sender, in_streams })).await, receiver)
}

#[tokio::test]
async fn a_response_stream_is_dropped_midway() {
    let (mut client, mut events) = streams().await;
    let response = soon(client.greet_many_times(many("you", 0))).await.expect("it starts");
    let mut stream = response.into_inner();
    assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("one")));
    for event in [
        "request stream begins",
        "a request passes",
        // With a single message, the closure runs at once and is dropped.
        "request stream is dropped",
        "response stream begins",
        "handler's stream begins",
        "a response passes",
    ] {
        assert_eq!(next(&mut events).await, event);
    }
    drop(stream);
    let expected = vec!["response stream is dropped", "handler's stream is dropped"];
    dropped(client, events, expected).await;
}

#[tokio::test]
async fn both_streams_of_a_chat_are_dropped_midway() {
    let (mut client, mut events) = streams().await;
    let (requests, outgoing) = support::events();
    tell(&requests, hello("you"));
    let call = client.chat(UnboundedReceiverStream::new(outgoing));
    let mut stream = soon(call).await.expect("it starts").into_inner();
    assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("you")));
    for event in [
        "request stream begins",
        "response stream begins",
        "handler's stream begins",
        "a request passes",
        "a response passes",
    ] {
        assert_eq!(next(&mut events).await, event);
    }
    drop(stream);
    // A client cancels a stream once both of its halves are dropped.
    drop(requests);
    let expected = vec![
        "request stream is dropped",
        "response stream is dropped",
        "handler's stream is dropped",
    ];
    dropped(client, events, expected).await;
}
