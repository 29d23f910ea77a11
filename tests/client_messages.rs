//! Client interceptors change the messages of requests and responses, each as it passes.

mod support;

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _, interceptor,
};
use support::{
    GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, NOBODY, connect, events,
    greeter, hello, many, names, read, reply, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Code, Request, Response, Status};

struct Plain;

greeter!(Plain, []);

/// Marks each message that passes, in both directions.
struct Mark(&'static str);

impl<N> Interceptor<N> for Mark
where
    N: Next<RequestMessage = HelloRequest, ResponseMessage = HelloReply>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let mark = self.0;
        let request = request.map(|payload| {
            payload.map_messages(move |HelloRequest { name }| HelloRequest { name: name + mark })
        });
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.map_messages(move |HelloReply { message }| reply(message + mark))
        }))
    }
}

#[tokio::test]
async fn each_message_passes_the_chain_in_order_in_both_directions() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through((Mark("1"), Mark("2")));
    let response = soon(client.say_hello(hello("a"))).await.expect("a is greeted");
    assert_eq!(response.into_inner(), reply("Hello a1221"));
    let response = soon(client.greet_everybody(names(["a", "b"]))).await.expect("both are greeted");
    assert_eq!(response.into_inner(), reply("Hello a12 and b1221"));
    let response = soon(client.chat(names(["a", "b", "c"]))).await.expect("the chat starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello a1221", "Hello b1221", "Hello c1221"]);
    end.expect("the stream is complete");
}

/// For RPCs that take a `GreetManyTimesRequest`.
#[interceptor]
async fn once_more<N>(
    mut request: Request<GreetManyTimesRequest>,
    _: Context,
    next: N,
) -> Outcome<N>
where
    N: Next<Request = GreetManyTimesRequest>,
{
    request.get_mut().times += 1;
    next.run(request).await
}

/// For RPCs that answer with one `HelloReply` or many. Numbers the replies.
#[interceptor]
async fn count<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = HelloReply>,
{
    let mut number = 0;
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_messages(move |HelloReply { message }| {
            number += 1;
            reply(format!("{number}. {message}"))
        })
    }))
}

#[tokio::test]
async fn a_streaming_rpcs_request_and_each_response_are_changed() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through((count, once_more));
    let response = soon(client.greet_many_times(many("a", 2))).await.expect("a is greeted");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["1. Hello a 0", "2. Hello a 1", "3. Hello a 2"]);
    end.expect("the stream is complete");
}

/// Reports each message that passes.
struct Inspect(UnboundedSender<String>);

impl<N> Interceptor<N> for Inspect
where
    N: Next<RequestMessage = HelloRequest, ResponseMessage = HelloReply>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        let request = request.map(|payload| {
            payload.inspect_messages(move |HelloRequest { name }| tell(&events, name.clone()))
        });
        let events = self.0.clone();
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.inspect_messages(move |HelloReply { message }| tell(&events, message.clone()))
        }))
    }
}

#[tokio::test]
async fn each_message_passes_before_the_next_one_arrives() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, mut passed) = events();
    let mut client = server.through(Inspect(sender));
    let (requests, outgoing) = events();
    let call = client.chat(UnboundedReceiverStream::new(outgoing));
    let mut replies = soon(call).await.expect("the chat starts").into_inner();
    // If the chain held messages back, this would hang.
    for name in ["a", "b", "c"] {
        tell(&requests, hello(name));
        assert_eq!(support::next(&mut passed).await, name);
        let answer = soon(replies.message()).await.expect("the stream continues");
        assert_eq!(answer, Some(reply(format!("Hello {name}"))));
        assert_eq!(support::next(&mut passed).await, format!("Hello {name}"));
    }
    drop(requests);
    assert_eq!(soon(replies.message()).await.expect("the stream completes"), None);
}

/// Sends each message of a request stream twice.
#[interceptor]
async fn twice<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = MessageStream<HelloRequest>>,
{
    let (metadata, extensions, mut stream) = request.into_parts();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.extend([Ok(message.clone()), Ok(message)]);
    }
    let stream = MessageStream::new(tokio_stream::iter(messages));
    next.run(Request::from_parts(metadata, extensions, stream)).await
}

/// Drops every second message of a response stream.
#[interceptor]
async fn every_other<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    let mut odd = false;
    let response = next.run(request).await?;
    Ok(response.map(|stream| {
        MessageStream::new(stream.filter(move |_| {
            odd = !odd;
            odd
        }))
    }))
}

#[tokio::test]
async fn streams_can_be_replaced() {
    let server = connect(GreeterServer::new(Plain)).await;
    let call = soon(server.through(twice).greet_everybody(names(["a", "b"]))).await;
    let response = call.expect("both are greeted twice");
    assert_eq!(response.into_inner(), reply("Hello a and a and b and b"));
    let response = soon(server.through((count, every_other, twice)).chat(names(["a", "b"]))).await;
    let (messages, end) = read(response.expect("the chat starts").into_inner()).await;
    assert_eq!(messages, ["1. Hello a", "2. Hello b"]);
    end.expect("the stream is complete");
}

/// Refuses the second message of each response.
#[interceptor]
async fn one_is_enough<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let (metadata, payload, extensions) = next.run(request).await?.into_parts();
    let mut first = true;
    let payload = payload.try_map_messages(move |message| match std::mem::take(&mut first) {
        true => Ok(message),
        false => Err(Status::resource_exhausted("one is enough")),
    })?;
    Ok(Response::from_parts(metadata, payload, extensions))
}

#[tokio::test]
async fn an_interceptor_can_fail_a_response_stream() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through(one_is_enough);
    let one = soon(client.greet_many_times(many("a", 3))).await.expect("a is greeted");
    let both = soon(client.chat(names(["a", "b", "c"]))).await.expect("the chat starts");
    for (response, first) in [(one, "Hello a 0"), (both, "Hello a")] {
        let (messages, end) = read(response.into_inner()).await;
        assert_eq!(messages, [first]);
        let status = end.expect_err("the second is refused");
        assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "one is enough"));
    }
}

/// Replaces the status of a stream with another.
#[interceptor]
async fn translate<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let to_another = |status: Status| Status::new(Code::FailedPrecondition, status.message());
    let response = next.run(request).await.map_err(to_another)?;
    Ok(response.map(|payload| payload.map_errors(to_another)))
}

#[tokio::test]
async fn the_status_of_calls_and_streams_can_be_replaced() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through(translate);
    for answer in support::call_each_through(&mut client, NOBODY).await {
        let status = answer.status();
        let expected = (Code::FailedPrecondition, "nobody is here");
        assert_eq!((status.code(), status.message()), expected, "{:?}", answer.kind);
    }
}
