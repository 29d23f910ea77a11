//! An interceptor's bounds decide which RPCs it accepts, and it gets their messages with their
//! types.

mod support;

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload as _};
use support::{
    GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, call_each, connect, greeter,
    reply,
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

/// A single `HelloRequest`.
async fn one<N: Next<Request = HelloRequest>>(
    mut request: Request<HelloRequest>,
    _: Context,
    next: N,
) -> Outcome<N> {
    request.get_mut().name += " one";
    next.run(request).await
}

/// A single `HelloRequest` or a stream of them.
async fn one_or_many<N: Next<RequestMessage = HelloRequest>>(
    request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let add = |HelloRequest { name }| HelloRequest { name: name + " one-or-many" };
    next.run(request.map(|payload| payload.map_messages(add))).await
}

/// A stream of `HelloRequest`s.
async fn stream<N: Next<Request = MessageStream<HelloRequest>>>(
    request: Request<MessageStream<HelloRequest>>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let add = |HelloRequest { name }| HelloRequest { name: name + " stream" };
    next.run(request.map(|stream| stream.map_messages(add))).await
}

/// Exactly one RPC's types, with `impl Next` as the argument type.
async fn exact(
    mut request: Request<HelloRequest>,
    _: Context,
    next: impl Next<Request = HelloRequest, Response = HelloReply>,
) -> Result<Response<HelloReply>, Status> {
    request.get_mut().name += " exact";
    let response = next.run(request).await?;
    Ok(response.map(|HelloReply { message }| reply(message + " (exact)")))
}

async fn exact_to_stream(
    mut request: Request<GreetManyTimesRequest>,
    _: Context,
    next: impl Next<Request = GreetManyTimesRequest, Response = MessageStream<HelloReply>>,
) -> Result<Response<MessageStream<HelloReply>>, Status> {
    request.get_mut().times = 1;
    let response = next.run(request).await?;
    Ok(response.map(|stream| {
        MessageStream::new(stream.chain(tokio_stream::once(Ok(reply("(exact to stream)")))))
    }))
}

async fn exact_both_ways(
    request: Request<MessageStream<HelloRequest>>,
    _: Context,
    next: impl Next<Request = MessageStream<HelloRequest>, Response = MessageStream<HelloReply>>,
) -> Result<Response<MessageStream<HelloReply>>, Status> {
    let response = next.run(request.map(|stream| MessageStream::new(stream.take(1)))).await?;
    Ok(response.map(|stream| {
        MessageStream::new(stream.chain(tokio_stream::once(Ok(reply("(exact both ways)")))))
    }))
}

/// A struct with the same kind of bounds as a fn.
struct Suffix(&'static str);

impl<N: Next<ResponseMessage = HelloReply>> Interceptor<N> for Suffix {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let suffix = self.0;
        let add = move |HelloReply { message }| reply(message + suffix);
        Ok(next.run(request).await?.map(|payload| payload.map_messages(add)))
    }
}

/// A struct for one RPC's types.
struct Only;

impl<N: Next<Request = HelloRequest, Response = HelloReply>> Interceptor<N> for Only {
    async fn intercept(
        &self,
        request: Request<HelloRequest>,
        _: Context,
        next: N,
    ) -> Result<Response<HelloReply>, Status> {
        let length = request.get_ref().name.len();
        let response = next.run(request).await?;
        Ok(response.map(|HelloReply { message }| reply(format!("{message} ({length} bytes)"))))
    }
}

struct Typed {
    suffix: Suffix,
}

greeter!(
    Typed,
    [self.suffix],
    [one, one_or_many, exact, Only],
    [one_or_many, stream],
    [exact_to_stream],
    [one_or_many, stream, exact_both_ways]
);

#[tokio::test]
async fn a_typed_interceptor_gets_the_messages_of_the_rpcs_it_accepts() {
    let mut client = connect(GreeterServer::new(Typed { suffix: Suffix(".") })).await;
    let messages: [&[&str]; 4] = [
        &["Hello you one one-or-many exact (25 bytes) (exact)."],
        &["Hello you one-or-many stream and you one-or-many stream."],
        &["Hello you 0.", "(exact to stream)."],
        &["Hello you one-or-many stream.", "(exact both ways)."],
    ];
    for (answer, messages) in call_each(&mut client, "you").await.iter().zip(messages) {
        assert_eq!(answer.messages(), messages, "{:?}", answer.kind);
    }
}
