//! From the crate root, and from another crate.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::*;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

pub struct Server {
    capacity: usize,
}

impl Server {
    pub fn new(capacity: usize) -> Self {
        Self { capacity }
    }
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl crate::pb::shop::v2::shop_server::Shop for Server {
    async fn get_item(
        &self,
        request: Request<crate::pb::shop::v2::Item>,
    ) -> Result<Response<crate::pb::shop::v2::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl grpc_interceptor_proto::plain::greeter::greeter_server::Greeter for Server {
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
