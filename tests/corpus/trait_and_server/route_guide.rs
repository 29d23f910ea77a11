//! All four kinds, with the fields and messages of the tutorial.

use std::{pin::Pin, sync::Arc};

use grpc_interceptor::intercepted;
use tokio::sync::Mutex;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use routeguide::greeter_server::{Greeter, GreeterServer};
use routeguide::{GreetManyTimesRequest, HelloReply, HelloRequest};

pub mod routeguide {
    pub use crate::pb::greeter::v1::*;
}

#[derive(Debug, Clone, Default)]
pub struct RouteGuideService {
    features: Arc<Mutex<Vec<String>>>,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Greeter for RouteGuideService {
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

#[tokio::test]
async fn main() {
    crate::check(GreeterServer::new(RouteGuideService::default()), &crate::GREETER).await;
}
