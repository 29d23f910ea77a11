//! From a separate crate with the protos.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::{GreetManyTimesRequest, HelloReply, HelloRequest};
use grpc_interceptor_proto::plain::greeter::greeter_server::Greeter;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

#[derive(Clone, Default)]
pub struct PointsService {
    name: String,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Greeter for PointsService {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let message = request.into_inner().name;
        Ok(Response::new(HelloReply { message }))
    }
    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        let mut message = String::new();
        while let Some(request) = requests.message().await? {
            message.push_str(&request.name);
        }
        Ok(Response::new(HelloReply { message }))
    }
    type GreetManyTimesStream = tokio_stream::Iter<std::vec::IntoIter<Result<HelloReply, Status>>>;
    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Ok(Response::new(tokio_stream::iter(vec![])))
    }
    type ChatStream = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;
    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}
