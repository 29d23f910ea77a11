//! Interceptors on a generated client: how it can be built, and where it can be used.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _, Side, Transport, interceptor,
};
use grpc_interceptor_proto::{
    arc_self,
    greeter::{
        GreetManyTimesRequest, HelloReply, HelloRequest,
        greeter_client::{GreeterClient, GreeterInterceptors, InterceptedGreeterClient},
        greeter_server::{Greeter, GreeterServer},
    },
};
use tokio::net::TcpListener;
use tokio_stream::{StreamExt as _, wrappers::TcpListenerStream};
use tonic::{
    Code, Request, Response, Status, Streaming,
    codegen::{BoxStream, InterceptedService, http},
    transport::{Channel, Server},
};
use tower::buffer::Buffer;

mod support;

/// For any RPC.
#[interceptor]
async fn mark<N: Next>(mut request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    assert_eq!(context.side(), Side::Client);
    request.metadata_mut().insert("mark", "set".parse().unwrap());
    next.run(request).await
}

/// For RPCs that answer with one `HelloReply` or many.
#[interceptor]
async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = HelloReply>,
{
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_messages(|reply| HelloReply { message: reply.message.to_uppercase() })
    }))
}

/// Has state, and isn't `Clone`.
#[derive(Debug, Default)]
struct Prefix {
    prefix: String,
}

impl<N: Next<RequestMessage = HelloRequest>> Interceptor<N> for Prefix {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let prefix = self.prefix.clone();
        let name = move |hello: HelloRequest| HelloRequest { name: prefix.clone() + &hello.name };
        next.run(request.map(|payload| payload.map_messages(name))).await
    }
}

fn hello(name: &str) -> HelloRequest {
    HelloRequest { name: name.to_owned() }
}

/// Echoes the names it receives, if the interceptor has marked the call.
struct Echo;

fn marked<T>(request: &Request<T>) -> Result<(), Status> {
    match request.metadata().get("mark") {
        Some(_) => Ok(()),
        None => Err(Status::invalid_argument("not marked")),
    }
}

#[tonic::async_trait]
impl Greeter for Echo {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        marked(&request)?;
        Ok(Response::new(HelloReply { message: request.into_inner().name }))
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        marked(&request)?;
        let mut requests = request.into_inner();
        let mut message = String::new();
        while let Some(request) = requests.message().await? {
            message += &request.name;
        }
        Ok(Response::new(HelloReply { message }))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        marked(&request)?;
        let GreetManyTimesRequest { name, times } = request.into_inner();
        let replies = (0..times).map(move |_| Ok(HelloReply { message: name.clone() }));
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        marked(&request)?;
        let replies = request.into_inner();
        let replies = replies.map(|request| Ok(HelloReply { message: request?.name }));
        Ok(Response::new(Box::pin(replies)))
    }
}

/// Generic over the interceptors and the transport.
async fn call_all<T, I>(client: &mut InterceptedGreeterClient<T, I>) -> Vec<String>
where
    T: Transport,
    I: GreeterInterceptors<T>,
{
    let mut messages = vec![];
    let reply = client.say_hello(hello("a")).await.unwrap();
    messages.push(reply.into_inner().message);
    let both = tokio_stream::iter([hello("b"), hello("c")]);
    let reply = client.greet_everybody(both).await.unwrap();
    messages.push(reply.into_inner().message);
    let request = GreetManyTimesRequest { name: "d".to_owned(), times: 2 };
    let replies = client.greet_many_times(request).await.unwrap().into_inner();
    messages.extend(replies.map(|reply| reply.unwrap().message).collect::<Vec<_>>().await);
    let both = tokio_stream::iter([hello("e"), hello("f")]);
    let replies = client.chat(both).await.unwrap().into_inner();
    messages.extend(replies.map(|reply| reply.unwrap().message).collect::<Vec<_>>().await);
    messages
}

/// A program that names the type in a field.
struct Program {
    client: InterceptedGreeterClient<Channel, (mark, Arc<shout>)>,
}

#[tokio::test]
async fn a_client_over_a_socket_is_intercepted() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let interceptors = (mark, Arc::new(shout));
    let client = GreeterClient::with_interceptors(server.channel(), interceptors);
    let mut program = Program { client };
    assert_eq!(call_all(&mut program.client).await, ["A", "BC", "D", "D", "E", "F"]);
}

/// A program that used `GreeterClient::connect(…)` changes an import, a type and this line.
#[tokio::test]
async fn a_client_connects() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::builder()
        .add_service(GreeterServer::new(Echo))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    let mut client = InterceptedGreeterClient::connect(endpoint, (mark, shout)).await.unwrap();
    assert_eq!(call_all(&mut client).await, ["A", "BC", "D", "D", "E", "F"]);

    let refused = InterceptedGreeterClient::connect("http://127.0.0.1:1", mark).await.unwrap_err();
    assert_eq!(refused.to_string(), "transport error");
}

#[tokio::test]
async fn a_client_can_run_in_process_without_a_transport() {
    let interceptors = (((), (mark,)), Some(shout), None::<shout>);
    let mut client = GreeterClient::with_interceptors(GreeterServer::new(Echo), interceptors);
    assert_eq!(call_all(&mut client).await, ["A", "BC", "D", "D", "E", "F"]);
}

#[tokio::test]
async fn a_client_can_be_cloned_and_moved_to_a_task() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let client = GreeterClient::with_interceptors(server.channel(), mark);
    let calls = [1, 2, 3].map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move { call_all(&mut client).await })
    });
    for call in calls {
        assert_eq!(call.await.unwrap(), ["a", "bc", "d", "d", "e", "f"]);
    }
}

/// An interceptor that doesn't support all RPCs of a service works for those it supports.
#[tokio::test]
async fn an_interceptor_can_support_some_rpcs_only() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let interceptors = (mark, Prefix { prefix: "> ".to_owned() });
    let mut client = GreeterClient::with_interceptors(server.channel(), interceptors);
    assert_eq!(client.say_hello(hello("a")).await.unwrap().into_inner().message, "> a");
    let both = tokio_stream::iter([hello("b"), hello("c")]);
    assert_eq!(client.greet_everybody(both).await.unwrap().into_inner().message, "> b> c");
}

#[tokio::test]
async fn tonics_interceptors_and_tower_layers_can_be_inside() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let channel = tower::ServiceBuilder::new()
        .map_request(|request: http::Request<tonic::body::Body>| request)
        .service(server.channel());
    let mut client = GreeterClient::with_interceptors(channel, mark);
    assert_eq!(call_all(&mut client).await, ["a", "bc", "d", "d", "e", "f"]);

    let add = |mut request: Request<()>| {
        request.metadata_mut().insert("mark", "tonic".parse().unwrap());
        Ok(request)
    };
    let inner = InterceptedService::new(server.channel(), add);
    let mut client = GreeterClient::with_interceptors(inner, shout);
    assert_eq!(call_all(&mut client).await, ["A", "BC", "D", "D", "E", "F"]);
}

/// A service that isn't `Sync`, like tower's boxed services.
#[tokio::test]
async fn the_transport_doesnt_have_to_be_sync() {
    let service = tower::util::BoxCloneService::new(GreeterServer::new(Echo));
    let client = GreeterClient::with_interceptors(service, mark);
    let mut client = client.clone();
    let call = tokio::spawn(async move { call_all(&mut client).await });
    assert_eq!(call.await.unwrap(), ["a", "bc", "d", "d", "e", "f"]);
}

/// It doesn't have to be `Clone` either, if it is wrapped in a buffer.
#[tokio::test]
async fn a_transport_that_isnt_clone_works_in_a_buffer() {
    let service = tower::util::BoxService::new(GreeterServer::new(Echo));
    let mut client = GreeterClient::with_interceptors(Buffer::new(service, 1), mark);
    assert_eq!(call_all(&mut client).await, ["a", "bc", "d", "d", "e", "f"]);
}

/// Without a buffer it makes one attempt at a time, as tonic's own client does.
#[tokio::test]
async fn a_transport_that_isnt_clone_makes_one_attempt_at_a_time() {
    let plain = GreeterClient::new(tower::util::BoxService::new(GreeterServer::new(Echo)));
    let mut client = InterceptedGreeterClient::one_at_a_time(plain, mark);
    assert_eq!(call_all(&mut client).await, ["a", "bc", "d", "d", "e", "f"]);
    let mut client = client.max_encoding_message_size(4);
    client.say_hello(hello("too long")).await.unwrap_err();
    assert_eq!(client.say_hello(hello("a")).await.unwrap().into_inner().message, "a");
}

/// Calls twice in sequence, and answers with the second outcome.
#[interceptor]
async fn again<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let copy = next.clone_request(&request).unwrap();
    next.run(request).await?;
    next.run(copy).await
}

/// Calls twice concurrently, and answers with the second outcome.
#[interceptor]
async fn at_a_time<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let copy = next.clone_request(&request).unwrap();
    let (first, second) = tokio::join!(next.run(request), next.run(copy));
    first?;
    second
}

#[tokio::test]
async fn attempts_over_a_transport_that_isnt_clone() {
    let service = |time| {
        let service = tower::ServiceBuilder::new()
            .then(async move |outcome| {
                tokio::time::sleep(time).await;
                outcome
            })
            .service(GreeterServer::new(Echo));
        GreeterClient::new(tower::util::BoxService::new(service))
    };
    let mut client =
        InterceptedGreeterClient::one_at_a_time(service(Duration::ZERO), (mark, again));
    assert_eq!(client.say_hello(hello("a")).await.unwrap().into_inner().message, "a");

    let time = Duration::from_millis(20);
    let mut client = InterceptedGreeterClient::one_at_a_time(service(time), (mark, at_a_time));
    let status = client.say_hello(hello("a")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("tower::buffer::Buffer"), "{status}");

    // A cancelled call returns its transport.
    let mut client = InterceptedGreeterClient::one_at_a_time(service(time), mark);
    let call = client.say_hello(hello("a"));
    tokio::time::timeout(Duration::from_millis(1), call).await.unwrap_err();
    assert_eq!(client.say_hello(hello("b")).await.unwrap().into_inner().message, "b");
}

/// Also if the call was cancelled before the transport was ready.
#[tokio::test]
async fn a_transport_that_isnt_clone_can_be_unready() {
    let limited = tower::ServiceBuilder::new()
        .rate_limit(1, Duration::from_millis(50))
        .service(GreeterServer::new(Echo));
    let plain = GreeterClient::new(tower::util::BoxService::new(limited));
    let mut client = InterceptedGreeterClient::one_at_a_time(plain, mark);
    client.say_hello(hello("a")).await.unwrap();
    let call = client.say_hello(hello("a"));
    tokio::time::timeout(Duration::from_millis(1), call).await.unwrap_err();
    assert_eq!(client.say_hello(hello("b")).await.unwrap().into_inner().message, "b");
}

#[tokio::test]
async fn the_clients_settings_are_kept() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let mut client =
        GreeterClient::with_interceptors(server.channel(), mark).max_encoding_message_size(4);
    let status = client.say_hello(hello("too long")).await.unwrap_err();
    // The limit ends the request body, and HTTP/2 can't say why.
    let mut plain = GreeterClient::new(server.channel()).max_encoding_message_size(4);
    let plain = plain.say_hello(hello("too long")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (plain.code(), plain.message()));

    let plain = GreeterClient::new(server.channel()).max_decoding_message_size(4);
    let mut client = InterceptedGreeterClient::new(plain, mark);
    let status = client.say_hello(hello("too long")).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
    let mut client = client.max_decoding_message_size(100);
    assert_eq!(client.say_hello(hello("long")).await.unwrap().into_inner().message, "long");

    let origin = http::Uri::from_static("http://example.com");
    let seen = Arc::new(Mutex::new(None));
    let spy = Arc::clone(&seen);
    let service = tower::ServiceBuilder::new()
        .map_request(move |request: http::Request<tonic::body::Body>| {
            *spy.lock().unwrap() = request.uri().authority().map(ToString::to_string);
            request
        })
        .service(GreeterServer::new(Echo));
    let mut client = InterceptedGreeterClient::with_origin(service, origin, mark);
    client.say_hello(hello("a")).await.unwrap();
    assert_eq!(seen.lock().unwrap().as_deref(), Some("example.com"));
}

/// The attribute on the generated struct does the same as on its module.
#[tokio::test]
async fn the_attribute_can_be_on_the_struct() {
    use arc_self::greeter_client;

    let server = support::connect(GreeterServer::new(Echo)).await;
    let mut client =
        greeter_client::GreeterClient::with_interceptors(server.channel(), (mark, shout));
    assert_eq!(client.say_hello(hello("a")).await.unwrap().into_inner().message, "A");
    let both = tokio_stream::iter([hello("e"), hello("f")]);
    let replies = client.chat(both).await.unwrap().into_inner();
    let replies: Vec<_> = replies.map(|reply| reply.unwrap().message).collect().await;
    assert_eq!(replies, ["E", "F"]);
}

/// The generated client itself behaves as before.
#[tokio::test]
async fn the_generated_client_is_unchanged() {
    let server = support::connect(GreeterServer::new(Echo)).await;
    let status = GreeterClient::new(server.channel()).say_hello(hello("a")).await.unwrap_err();
    assert_eq!(status.message(), "not marked");
}
