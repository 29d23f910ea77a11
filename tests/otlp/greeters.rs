//! A greeter that calls another greeter, and that other greeter.

use std::{future::pending, time::Duration};

use grpc_interceptor::interceptors::Trace;
use grpc_interceptor_proto::greeter::greeter_server::Greeter;
use tokio::{sync::mpsc::UnboundedSender, time::sleep};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, transport::Channel};

use crate::support::{
    BoxStream, GreetManyTimesRequest, GreeterClient, HelloReply, HelloRequest,
    InterceptedGreeterClient, NOBODY, reply, tell,
};

/// Forwards each call to the same RPC.
pub(crate) struct Front {
    pub(crate) channel: Channel,
    pub(crate) trace: Trace,
}

impl Front {
    fn back(&self) -> InterceptedGreeterClient<Channel, Trace> {
        GreeterClient::with_interceptors(self.channel.clone(), self.trace.clone())
    }
}

fn boxed(replies: Response<Streaming<HelloReply>>) -> Response<BoxStream<HelloReply>> {
    replies.map(|replies| Box::pin(replies) as BoxStream<HelloReply>)
}

#[tonic::async_trait]
impl Greeter for Front {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.back().say_hello(request.into_inner()).await
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        self.back().greet_everybody(request.into_inner().map_while(Result::ok)).await
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        self.back().greet_many_times(request.into_inner()).await.map(boxed)
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.back().chat(request.into_inner().map_while(Result::ok)).await.map(boxed)
    }
}

/// Greeting each message with this name takes this long.
pub(crate) const SLOW: (&str, Duration) = ("slow", Duration::from_millis(100));
/// Fails, and the server is at fault.
pub(crate) const BROKEN: &str = "broken";
/// Is never answered.
pub(crate) const FOREVER: &str = "forever";

/// Answers as the name says. Streams fail after their headers.
pub(crate) struct Back {
    pub(crate) wait: UnboundedSender<()>,
}

async fn answer(wait: &UnboundedSender<()>, name: &str) -> Result<HelloReply, Status> {
    match name {
        NOBODY => return Err(Status::not_found("nobody is here")),
        BROKEN => return Err(Status::internal("it is broken")),
        FOREVER => {
            tell(wait, ());
            pending().await
        }
        name if name == SLOW.0 => sleep(SLOW.1).await,
        _ => {}
    }
    Ok(reply(format!("Hello {name}")))
}

#[tonic::async_trait]
impl Greeter for Back {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        answer(&self.wait, &request.get_ref().name).await.map(Response::new)
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        let mut last = HelloReply::default();
        while let Some(HelloRequest { name }) = requests.message().await? {
            last = answer(&self.wait, &name).await?;
        }
        Ok(Response::new(last))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let GreetManyTimesRequest { name, times } = request.into_inner();
        let wait = self.wait.clone();
        let replies = tokio_stream::iter(0..times).then(move |_| {
            let (wait, name) = (wait.clone(), name.clone());
            async move { answer(&wait, &name).await }
        });
        Ok(Response::new(Box::pin(replies)))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let wait = self.wait.clone();
        let replies = request.into_inner().then(move |request| {
            let wait = wait.clone();
            async move { answer(&wait, &request?.name).await }
        });
        Ok(Response::new(Box::pin(replies)))
    }
}
