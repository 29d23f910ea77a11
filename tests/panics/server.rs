//! The services of a case. Their handlers panic in the case's place if it is a handler's.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::greeter_server::Greeter;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    place::{Form, Place, When},
    plan::Plan,
    raising::Raising,
    support::{
        BoxStream, Client, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, connect,
        connect_in_layer, reply,
    },
};

/// Has the interceptors in the attribute.
struct Attributed(Plan);

/// Plain tonic.
struct Plain(Plan);

macro_rules! serve {
    ($service:ident, #[$attribute:meta]) => {
        #[$attribute]
        impl Greeter for $service {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                say_hello(&self.0, request).await
            }

            async fn greet_everybody(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                greet_everybody(&self.0, request).await
            }

            type GreetManyTimesStream = BoxStream<HelloReply>;

            async fn greet_many_times(
                &self,
                request: Request<GreetManyTimesRequest>,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                greet_many_times(&self.0, request).await
            }

            type ChatStream = BoxStream<HelloReply>;

            async fn chat(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::ChatStream>, Status> {
                chat(&self.0, request).await
            }
        }
    };
}

serve!(Attributed, #[intercepted(self.0.outside(), self.0.catch(), self.0.inside())]);
serve!(Plain, #[tonic::async_trait]);

/// Starts the case's server and connects to it.
pub(crate) async fn start(plan: &Plan) -> Client {
    let attributed = Attributed(plan.clone());
    let plain = Plain(plan.clone());
    match plan.case.form {
        Form::Attribute => connect(GreeterServer::new(attributed)).await,
        Form::Creation => {
            let interceptors = (plan.outside(), plan.catch(), plan.inside());
            connect(GreeterServer::with_interceptors(plain, interceptors)).await
        }
        Form::ListAtCreation => connect(GreeterServer::with_interceptors(plain, plan.list())).await,
        Form::Layer => {
            let interceptors = (plan.outside(), plan.catch(), plan.inside());
            connect_in_layer(GreeterServer::new(plain), interceptors).await
        }
        Form::ListInLayer => connect_in_layer(GreeterServer::new(plain), plan.list()).await,
        Form::Client | Form::ListOfClient | Form::LayerOfClient | Form::ListInLayerOfClient => {
            connect(GreeterServer::new(plain)).await
        }
    }
}

impl Plan {
    /// The first thing that each handler does.
    async fn handle(&self) {
        self.raise_at(Place::BeforeAwait);
        tokio::task::yield_now().await;
        self.raise_at(Place::AfterAwait);
        if self.place() == Place::HandlerDropped {
            let _guard = self.raise_on_drop();
            self.waiting.notify_one();
            std::future::pending().await
        }
    }

    fn send<S>(&self, replies: S) -> Response<BoxStream<HelloReply>>
    where
        S: Stream<Item = Result<HelloReply, Status>> + Send + 'static,
    {
        let replies: BoxStream<HelloReply> = match self.place() {
            // Otherwise everything could be sent before the caller disconnects.
            place if place.leaves_replies() => {
                Box::pin(replies.take(1).chain(tokio_stream::pending()))
            }
            _ => Box::pin(replies),
        };
        let (at, on_drop) = match self.place() {
            Place::Reply(at) => (Some(at), false),
            Place::RepliesDropped(when) if !self.case.form.is_client() => {
                ((when == When::AfterAPanic).then_some(2), true)
            }
            _ => return Response::new(replies),
        };
        Response::new(Box::pin(Raising::new(replies, self, at, on_drop)))
    }
}

/// Returns which connection the call came from.
async fn say_hello(
    plan: &Plan,
    request: Request<HelloRequest>,
) -> Result<Response<HelloReply>, Status> {
    plan.of(request.metadata()).handle().await;
    Ok(Response::new(reply(format!("{:?}", request.remote_addr()))))
}

async fn greet_everybody(
    plan: &Plan,
    request: Request<Streaming<HelloRequest>>,
) -> Result<Response<HelloReply>, Status> {
    let plan = plan.of(request.metadata());
    let mut requests = request.into_inner();
    plan.handle().await;
    if !plan.place().leaves_requests() {
        while requests.message().await?.is_some() {}
    }
    Ok(Response::new(reply("Hello")))
}

async fn greet_many_times(
    plan: &Plan,
    request: Request<GreetManyTimesRequest>,
) -> Result<Response<BoxStream<HelloReply>>, Status> {
    let plan = plan.of(request.metadata());
    plan.handle().await;
    Ok(plan.send(two_replies()))
}

async fn chat(
    plan: &Plan,
    request: Request<Streaming<HelloRequest>>,
) -> Result<Response<BoxStream<HelloReply>>, Status> {
    let plan = plan.of(request.metadata());
    let requests = request.into_inner();
    plan.handle().await;
    if plan.place().leaves_requests() {
        return Ok(plan.send(two_replies()));
    }
    Ok(plan.send(requests.map(|request| Ok(reply(request?.name)))))
}

fn two_replies() -> impl Stream<Item = Result<HelloReply, Status>> + Send + 'static {
    tokio_stream::iter(["a", "b"].map(|name| Ok(reply(name))))
}
