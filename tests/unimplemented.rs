//! An RPC that the service doesn't implement calls no interceptor.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::{
    default_stubs,
    greeter::greeter_server::GreeterServer,
    text::{Line, TextCodec},
};
use support::{HelloReply, HelloRequest, call_each, connect, greeter, hello, reply, soon};
use tonic::{
    Code, Request, Response, Status, client::Grpc, codegen::http::uri::PathAndQuery,
    transport::Channel,
};

/// Counts its calls.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.fetch_add(1, Ordering::SeqCst);
        next.run(request).await
    }
}

struct Counted {
    count: Count,
}

greeter!(Counted, [self.count]);

/// Calls the RPC with this name, with a message that the service doesn't have to know.
async fn call(channel: Channel, path: &'static str) -> Result<Response<Line>, Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.expect("the server is there");
    let codec = TextCodec::<String, Line>::default();
    // As a protobuf message, this has one unknown field.
    let request = Request::new("\u{78}\u{1}".to_owned());
    soon(client.unary(request, PathAndQuery::from_static(path), codec)).await
}

#[tokio::test]
async fn an_unknown_method_calls_no_interceptor() {
    let count = Count::default();
    let mut client = connect(GreeterServer::new(Counted { count: count.clone() })).await;
    for path in [
        "/greeter.v1.Greeter/SayGoodbye",
        "/greeter.v1.Greeter/say_hello",
        "/greeter.v1.Greeter/SayHello/",
        "/greeter.v2.Greeter/SayHello",
    ] {
        let status = call(client.channel(), path).await.expect_err("there is no such method");
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
        assert_eq!(count.get(), 0, "{path}");
    }
    // The same call to an existing method runs the chain.
    let response = call(client.channel(), "/greeter.v1.Greeter/SayHello").await;
    assert_eq!(response.expect("an empty name is greeted").into_inner().0, "\n\u{6}Hello ");
    assert_eq!(count.get(), 1);
    call_each(&mut client, "you").await;
    assert_eq!(count.get(), 5);
}

/// Leaves three of the four RPCs to tonic's default stubs.
struct Partial {
    count: Count,
}

#[intercepted(self.count)]
impl default_stubs::greeter_server::Greeter for Partial {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(reply(request.into_inner().name)))
    }
}

#[tokio::test]
async fn a_default_stub_calls_no_interceptor() {
    let count = Count::default();
    let server =
        default_stubs::greeter_server::GreeterServer::new(Partial { count: count.clone() });
    let mut client = connect(server).await;
    let [unary, stubs @ ..] = call_each(&mut client, "you").await;
    assert_eq!(unary.messages(), ["you"]);
    for stub in &stubs {
        assert_eq!(stub.status().code(), Code::Unimplemented, "{:?}", stub.kind);
    }
    assert_eq!(count.get(), 1);
    soon(client.say_hello(hello("you"))).await.expect("you are greeted");
    assert_eq!(count.get(), 2);
}
