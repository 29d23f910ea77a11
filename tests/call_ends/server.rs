//! The services of a case. Their handlers cause the case's end if it happens in a handler.

use std::future::pending;

use grpc_interceptor::{intercepted, trailers};
use grpc_interceptor_proto::greeter::greeter_server::Greeter;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    case::{End, Form},
    example,
    plan::{Plan, failure, raise, tail},
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
                _: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                self.0.handle().await?;
                Ok(Response::new(reply("a")))
            }

            async fn greet_everybody(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                let mut requests = request.into_inner();
                self.0.handle().await?;
                self.0.read(&mut requests).await?;
                Ok(Response::new(reply("a")))
            }

            type GreetManyTimesStream = BoxStream<HelloReply>;

            async fn greet_many_times(
                &self,
                _: Request<GreetManyTimesRequest>,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                self.0.handle().await?;
                Ok(self.0.send(tokio_stream::iter(["a", "b"].map(|name| Ok(reply(name))))))
            }

            type ChatStream = BoxStream<HelloReply>;

            async fn chat(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::ChatStream>, Status> {
                let mut requests = request.into_inner();
                self.0.handle().await?;
                if self.0.case.end.is_before_the_response() {
                    self.0.read(&mut requests).await?;
                }
                Ok(self.0.send(requests.map(|request| Ok(reply(request?.name)))))
            }
        }
    };
}

pub(crate) use serve;

serve!(Attributed, #[intercepted(self.0.outermost(), self.0.observers(), self.0.inside())]);
serve!(Plain, #[tonic::async_trait]);

/// Starts the case's server and connects to it.
pub(crate) async fn start(plan: &Plan) -> Client {
    let plain = Plain(plan.clone());
    match plan.case.form {
        Form::Attribute => connect(GreeterServer::new(Attributed(plan.clone()))).await,
        Form::Creation => {
            let interceptors = (plan.outermost(), plan.observers(), plan.inside());
            connect(GreeterServer::with_interceptors(plain, interceptors)).await
        }
        Form::ListAtCreation => {
            let interceptors = (plan.list(), plan.innermost());
            connect(GreeterServer::with_interceptors(plain, interceptors)).await
        }
        Form::Example => connect(example::server(plan)).await,
        Form::Layer => {
            let interceptors = (plan.outermost(), plan.observers(), plan.inside());
            connect_in_layer(GreeterServer::new(plain), interceptors).await
        }
        Form::ListInLayer => {
            let interceptors = (plan.list(), plan.innermost());
            connect_in_layer(GreeterServer::new(plain), interceptors).await
        }
        Form::Client | Form::ListOfClient | Form::LayerOfClient | Form::ListInLayerOfClient => {
            connect(GreeterServer::new(plain)).await
        }
    }
}

impl Plan {
    /// The first thing that each handler does.
    pub(crate) async fn handle(&self) -> Result<(), Status> {
        match self.case.end {
            End::HandlerFails => Err(failure()),
            End::HandlerPanics(_) => raise(),
            End::DroppedBeforeTheResponse => {
                self.waiting.notify_one();
                pending().await
            }
            End::LateBeforeTheResponse => pending().await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn read(&self, requests: &mut Streaming<HelloRequest>) -> Result<(), Status> {
        while requests.message().await?.is_some() {
            if self.is(End::RequestsCut) {
                self.waiting.notify_one();
            }
        }
        Ok(())
    }

    pub(crate) fn send<S>(&self, replies: S) -> Response<BoxStream<HelloReply>>
    where
        S: Stream<Item = Result<HelloReply, Status>> + Send + 'static,
    {
        Response::new(match self.case.end {
            End::StreamFails => Box::pin(replies.take(1).chain(tokio_stream::once(Err(failure())))),
            End::StreamPanics(_) if !self.case.form.is_client() => {
                Box::pin(replies.take(1).chain(tokio_stream::once(()).map(|()| raise())))
            }
            end if end.is_in_the_stream() => {
                Box::pin(replies.take(1).chain(tokio_stream::pending()))
            }
            _ => Box::pin(replies.chain(tokio_stream::once(Err(trailers(tail("end")))))),
        })
    }
}
