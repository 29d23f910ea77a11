//! The context contains each RPC's name as on the wire, its kind, the side, and how long the caller
//! will wait. A handler can take it as an argument.

mod support;

use std::time::Duration;

use grpc_interceptor::{Context, Interceptor, MethodName, Next, Outcome, Side, intercepted};
use grpc_interceptor_proto::{
    bare::{self, bare_server::BareServer},
    greeter::greeter_server::{Greeter, GreeterServer},
};
use support::{
    BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest, KINDS, call_each, connect, events,
    greeter, hello, next, reply, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Request, Response, Status, Streaming};

/// Reports each call.
struct Spy(UnboundedSender<Context>);

impl<N: Next> Interceptor<N> for Spy {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        tell(&self.0, context);
        next.run(request).await
    }
}

struct Watched {
    spy: Spy,
}

greeter!(Watched, [self.spy]);

const PATHS: [&str; 4] = [
    "/greeter.v1.Greeter/SayHello",
    "/greeter.v1.Greeter/GreetEverybody",
    "/greeter.v1.Greeter/GreetManyTimes",
    "/greeter.v1.Greeter/Chat",
];

#[tokio::test]
async fn name_and_kind_match_the_wire() {
    let (sender, mut contexts) = events();
    let mut client = connect(GreeterServer::new(Watched { spy: Spy(sender) })).await;
    call_each(&mut client, "you").await;
    for (path, kind) in PATHS.into_iter().zip(KINDS) {
        let context = next(&mut contexts).await;
        assert_eq!(context.method_name().path(), path);
        assert_eq!(context.method_name().to_string(), path);
        assert_eq!(Ok(context.method_name()), MethodName::parse(path).map_err(drop));
        assert_eq!(context.kind(), kind, "{path}");
        assert_eq!(context.side(), Side::Server, "{path}");
    }
}

#[intercepted(self.spy)]
impl bare::bare_server::Bare for Watched {
    async fn call(&self, request: Request<bare::Word>) -> Result<Response<bare::Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn a_service_without_a_package_has_its_name_on_the_wire() {
    let (sender, mut contexts) = events();
    let client = connect(BareServer::new(Watched { spy: Spy(sender) })).await;
    let mut client = bare::bare_client::BareClient::new(client.channel());
    let word = bare::Word { word: "word".to_owned() };
    let response = soon(client.call(word.clone())).await.expect("the handler answers");
    assert_eq!(response.into_inner(), word);
    let name = next(&mut contexts).await.method_name();
    assert_eq!(name.path(), "/Bare/Call");
    assert_eq!((name.package(), name.service(), name.method()), ("", "Bare", "Call"));
}

#[tokio::test]
async fn the_deadline_comes_from_the_client() {
    const TIMEOUT: Duration = Duration::from_secs(3600);
    let (sender, mut contexts) = events();
    let mut client = connect(GreeterServer::new(Watched { spy: Spy(sender) })).await;
    let mut request = Request::new(hello("you"));
    request.set_timeout(TIMEOUT);
    soon(client.say_hello(request)).await.expect("you are greeted");
    let context = next(&mut contexts).await;
    let remaining = context.time_remaining().expect("the client set a timeout");
    // The test itself takes far less than an hour.
    assert!(remaining > TIMEOUT / 2 && remaining <= TIMEOUT, "{remaining:?}");
    assert!(context.deadline().expect("as above") > std::time::Instant::now() + TIMEOUT / 2);

    let mut request = Request::new(support::names(["you"]));
    request.set_timeout(TIMEOUT * 2);
    soon(client.chat(request)).await.expect("the chat starts");
    let remaining = next(&mut contexts).await.time_remaining().expect("the client set a timeout");
    assert!(remaining > TIMEOUT && remaining <= TIMEOUT * 2, "{remaining:?}");
}

#[tokio::test]
async fn there_is_no_deadline_if_the_client_sets_none() {
    let (sender, mut contexts) = events();
    let mut client = connect(GreeterServer::new(Watched { spy: Spy(sender) })).await;
    call_each(&mut client, "you").await;
    for kind in KINDS {
        let context = next(&mut contexts).await;
        assert_eq!((context.deadline(), context.time_remaining()), (None, None), "{kind:?}");
    }
}

/// Handlers that report their context.
struct Talkative;

fn describe(context: Context) -> HelloReply {
    let deadline = if context.deadline().is_some() { "some" } else { "no" };
    reply(format!("{} {:?} {deadline} deadline", context.method_name(), context.kind()))
}

#[intercepted]
impl Greeter for Talkative {
    async fn say_hello(
        &self,
        _: Request<HelloRequest>,
        context: Context,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(describe(context)))
    }

    async fn greet_everybody(
        &self,
        mut request: Request<Streaming<HelloRequest>>,
        context: Context,
    ) -> Result<Response<HelloReply>, Status> {
        while request.get_mut().message().await?.is_some() {}
        Ok(Response::new(describe(context)))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
        call: Context,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(describe(call))))))
    }

    type ChatStream = tokio_stream::Once<Result<HelloReply, Status>>;

    /// Not every handler has to take it.
    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(tokio_stream::once(Ok(reply("no context")))))
    }
}

#[tokio::test]
async fn a_handler_can_take_the_context_as_its_last_argument() {
    let mut client = connect(GreeterServer::new(Talkative)).await;
    let [unary, client_streaming, server_streaming, chat] = call_each(&mut client, "you").await;
    assert_eq!(unary.messages(), ["/greeter.v1.Greeter/SayHello Unary no deadline"]);
    let message = "/greeter.v1.Greeter/GreetEverybody ClientStreaming no deadline";
    assert_eq!(client_streaming.messages(), [message]);
    let message = "/greeter.v1.Greeter/GreetManyTimes ServerStreaming no deadline";
    assert_eq!(server_streaming.messages(), [message]);
    assert_eq!(chat.messages(), ["no context"]);

    let mut request = Request::new(hello("you"));
    request.set_timeout(Duration::from_secs(3600));
    let response = soon(client.say_hello(request)).await.expect("the handler answers");
    let message = "/greeter.v1.Greeter/SayHello Unary some deadline";
    assert_eq!(response.into_inner().message, message);
}
