//! A service that tonic generated with default stubs: methods can be left out, and streams are
//! boxed.

use grpc_interceptor::{RpcKind, intercepted};
use grpc_interceptor_proto::{
    default_stubs::{
        greeter_client::GreeterClient,
        greeter_server::{Greeter, GreeterServer},
    },
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest},
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, Streaming, codegen::BoxStream};

use crate::{Seen, check_greeter, handlers};

struct All(Seen);

type Boxed = Result<Response<BoxStream<HelloReply>>, Status>;

#[intercepted(self.0)]
impl Greeter for All {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::echo(request)
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::join(request).await
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        handlers::repeat(request)
    }

    async fn chat(&self, request: Request<Streaming<HelloRequest>>) -> Boxed {
        handlers::echo_each(request)
    }
}

#[tokio::test]
async fn streams_can_be_boxed() {
    let seen = Seen::default();
    check_greeter!(default_stubs, All(seen.clone()), seen);
}

struct Partial<S>(Seen, S);

#[intercepted(self.0)]
impl<S: Send + Sync + 'static> Greeter for Partial<S> {
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        handlers::repeat(request)
    }
}

#[tokio::test]
async fn an_omitted_rpc_calls_no_interceptor() {
    let seen = Seen::default();
    let mut client = GreeterClient::new(GreeterServer::new(Partial(seen.clone(), ())));
    let status = client.say_hello(HelloRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(seen.take(), []);

    let request = GreetManyTimesRequest { name: "a".to_owned(), times: 2 };
    let replies = client.greet_many_times(request).await.unwrap().into_inner();
    assert_eq!(replies.map(|reply| reply.unwrap().message).collect::<Vec<_>>().await, ["a", "a"]);
    assert_eq!(seen.take(), [("/greeter.v1.Greeter/GreetManyTimes", RpcKind::ServerStreaming)]);
}
