//! A crate can forbid lints. Nothing in it may then allow them, including the code that the macros
//! generate.

#![forbid(
    dead_code,
    deprecated,
    missing_docs,
    non_camel_case_types,
    non_local_definitions,
    unreachable_pub,
    unused_imports
)]

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted, interceptor};
use grpc_interceptor_proto::{
    bare::{Word, bare_server::Bare},
    greeter::{HelloReply, HelloRequest},
    plain,
};
use tonic::{Request, Response, Status, async_trait};

/// As a value.
#[interceptor]
async fn value<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// As a fn.
async fn function<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

struct Struct;

impl<N: Next> Interceptor<N> for Struct {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

struct Service(Struct);

#[intercepted(value, function, self.0)]
#[async_trait]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Plain;

#[intercepted(function)]
impl plain::bare::bare_server::Bare for Plain {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct WithStubs;

#[intercepted(function)]
impl grpc_interceptor_proto::default_stubs::greeter_server::Greeter for WithStubs {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: request.into_inner().name }))
    }
}

#[tokio::test]
async fn it_answers() {
    let word = || Request::new(Word { word: "a".to_owned() });
    assert_eq!(Service(Struct).call(word()).await.unwrap().into_inner().word, "a");
    let plain = plain::bare::bare_server::Bare::call(&Plain, word()).await;
    assert_eq!(plain.unwrap().into_inner().word, "a");
    let request = Request::new(HelloRequest { name: "a".to_owned() });
    use grpc_interceptor_proto::default_stubs::greeter_server::Greeter as _;
    assert_eq!(WithStubs.say_hello(request).await.unwrap().into_inner().message, "a");
}
