//! A public service with private messages, which `extern_path` allows.

use grpc_interceptor::{Context, Next, Outcome, intercepted, interceptor};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HelloRequest {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GreetManyTimesRequest {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HelloReply {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
}

pub mod generated {
    include!(concat!(env!("OUT_DIR"), "/messages_of_the_crate/greeter.v1.rs"));
}

use generated::{
    greeter_client::GreeterClient,
    greeter_server::{Greeter, GreeterServer},
};

#[interceptor]
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

pub(crate) struct MyGreeter;

#[intercepted(pass)]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: request.into_inner().name }))
    }

    async fn greet_everybody(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::unimplemented("not needed"))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let reply = HelloReply { message: request.into_inner().name };
        Ok(Response::new(Box::pin(tonic::codegen::tokio_stream::once(Ok(reply)))))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::unimplemented("not needed"))
    }
}

#[tokio::test]
async fn they_work_on_clients_and_servers() {
    let server = GreeterServer::with_interceptors(MyGreeter, pass);
    let mut client = GreeterClient::with_interceptors(server, pass);
    let reply = client.say_hello(HelloRequest { name: "Ada".to_owned() }).await.unwrap();
    assert_eq!(reply.into_inner().message, "Ada");
    let request = GreetManyTimesRequest { name: "Ada".to_owned() };
    let mut replies = client.greet_many_times(request).await.unwrap().into_inner();
    assert_eq!(replies.message().await.unwrap().unwrap().message, "Ada");
}
