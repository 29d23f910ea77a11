//! A greeter that reports which span is current wherever its code runs, and which can call another
//! greeter.

use grpc_interceptor::interceptors::Trace;
use grpc_interceptor_proto::greeter::greeter_server::Greeter;
use opentelemetry::{
    Context,
    baggage::BaggageExt as _,
    trace::{SpanId, TraceContextExt as _},
};
use tokio::task::yield_now;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, transport::Channel};

use crate::support::{
    BoxStream, GreetManyTimesRequest, GreeterClient, HelloReply, HelloRequest, hello,
};

/// The current span.
pub(crate) fn current() -> SpanId {
    Context::current().span().span_context().span_id()
}

/// Answers with the current span's id, from each place where its code runs.
#[derive(Clone, Default)]
pub(crate) struct Telling {
    /// The greeter that it calls before it answers.
    pub(crate) next: Option<(Channel, Trace)>,
}

impl Telling {
    async fn answer(&self, name: &str) -> Result<HelloReply, Status> {
        yield_now().await;
        if let Some((channel, trace)) = &self.next {
            let mut next = GreeterClient::with_interceptors(channel.clone(), trace.clone());
            next.say_hello(hello("next")).await?;
        }
        let message = match name {
            "baggage" => Context::current().baggage().to_string(),
            "fail" => return Err(Status::internal("broken")),
            _ => current().to_string(),
        };
        Ok(HelloReply { message })
    }
}

/// The span that is current when this is polled.
fn reply() -> Result<HelloReply, Status> {
    Ok(HelloReply { message: current().to_string() })
}

#[tonic::async_trait]
impl Greeter for Telling {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.answer(&request.get_ref().name).await.map(Response::new)
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        while requests.message().await?.is_some() {}
        self.answer("").await.map(Response::new)
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let first = self.answer("").await;
        let times = request.get_ref().times;
        let replies =
            tokio_stream::once(first).chain(tokio_stream::iter(1..times).then(|_| async {
                yield_now().await;
                reply()
            }));
        Ok(Response::new(Box::pin(replies)))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let first = self.answer("").await;
        let rest = request.into_inner().map(|request| request.and_then(|_| reply()));
        Ok(Response::new(Box::pin(tokio_stream::once(first).chain(rest))))
    }
}
