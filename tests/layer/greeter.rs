//! A service that knows nothing about interceptors.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor_proto::plain::greeter::greeter_server;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use crate::support::{self, BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest};

/// Its generated code doesn't have the attribute.
pub type GreeterServer = greeter_server::GreeterServer<Greeter>;

/// Counts how often a handler runs.
#[derive(Clone, Default)]
pub struct Greeter {
    runs: Arc<AtomicUsize>,
}

impl Greeter {
    pub fn server(&self) -> GreeterServer {
        GreeterServer::new(self.clone())
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    fn run(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
    }
}

/// tonic-web keeps reading a stream after its failure.
fn until_failure(replies: BoxStream<HelloReply>) -> BoxStream<HelloReply> {
    let mut has_failed = false;
    Box::pin(replies.map_while(move |reply| {
        let is_behind = has_failed;
        has_failed |= reply.is_err();
        (!is_behind).then_some(reply)
    }))
}

#[tonic::async_trait]
impl greeter_server::Greeter for Greeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.run();
        support::say_hello(request).await
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        self.run();
        support::greet_everybody(request).await
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        self.run();
        Ok(support::greet_many_times(request).await?.map(until_failure))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.run();
        Ok(support::chat(request).await?.map(until_failure))
    }
}
