//! The handlers inside everything else. They do next to nothing.

use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest, greeter_server::Greeter,
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use crate::cases::work;

/// A greeter without interceptors.
#[derive(Clone)]
pub struct Bare;

pub fn say_hello(request: Request<HelloRequest>) -> Response<HelloReply> {
    Response::new(HelloReply { message: request.into_inner().name })
}

pub fn greet_many_times(request: Request<GreetManyTimesRequest>) -> BoxStream<HelloReply> {
    let GreetManyTimesRequest { name, times } = request.into_inner();
    let replies = (0..times).map(move |_| Ok(HelloReply { message: name.clone() }));
    Box::pin(tokio_stream::iter(replies))
}

pub fn chat(request: Request<Streaming<HelloRequest>>) -> BoxStream<HelloReply> {
    let requests = request.into_inner();
    Box::pin(requests.map(|request| Ok(HelloReply { message: request?.name })))
}

/// Implements tonic's trait with the handlers above, with the attribute.
macro_rules! greeter {
    ($(#[$attribute:meta])* $greeter:ty) => {
        $(#[$attribute])*
        impl ::grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            async fn say_hello(
                &self,
                request: ::tonic::Request<::grpc_interceptor_proto::greeter::HelloRequest>,
            ) -> Result<
                ::tonic::Response<::grpc_interceptor_proto::greeter::HelloReply>,
                ::tonic::Status,
            > {
                Ok($crate::peers::handler::say_hello(request))
            }

            async fn greet_everybody(
                &self,
                _: ::tonic::Request<
                    ::tonic::Streaming<::grpc_interceptor_proto::greeter::HelloRequest>,
                >,
            ) -> Result<
                ::tonic::Response<::grpc_interceptor_proto::greeter::HelloReply>,
                ::tonic::Status,
            > {
                Err(::tonic::Status::unimplemented("no case calls it"))
            }

            type GreetManyTimesStream =
                ::tonic::codegen::BoxStream<::grpc_interceptor_proto::greeter::HelloReply>;

            async fn greet_many_times(
                &self,
                request: ::tonic::Request<::grpc_interceptor_proto::greeter::GreetManyTimesRequest>,
            ) -> Result<::tonic::Response<Self::GreetManyTimesStream>, ::tonic::Status> {
                Ok(::tonic::Response::new($crate::peers::handler::greet_many_times(request)))
            }

            type ChatStream =
                ::tonic::codegen::BoxStream<::grpc_interceptor_proto::greeter::HelloReply>;

            async fn chat(
                &self,
                request: ::tonic::Request<
                    ::tonic::Streaming<::grpc_interceptor_proto::greeter::HelloRequest>,
                >,
            ) -> Result<::tonic::Response<Self::ChatStream>, ::tonic::Status> {
                Ok(::tonic::Response::new($crate::peers::handler::chat(request)))
            }
        }
    };
}
pub(crate) use greeter;

greeter!(
    #[tonic::async_trait]
    Bare
);

/// The unary handler with the work of the five interceptors written into it, and streams that are
/// inspected by hand.
pub struct ByHand;

#[tonic::async_trait]
impl Greeter for ByHand {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        work::count_call();
        let result = match work::check(request.metadata().as_ref()) {
            Ok(()) => Ok(say_hello(request)),
            Err(status) => Err(work::map_error(status)),
        };
        let code = result.as_ref().map_or_else(Status::code, |_| tonic::Code::Ok);
        work::count_outcome(code);
        work::log("/greeter.v1.Greeter/SayHello", code);
        result
    }

    async fn greet_everybody(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::unimplemented("no case calls it"))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let GreetManyTimesRequest { name, times } = request.into_inner();
        let replies = (0..times).map(move |_| {
            let reply = HelloReply { message: name.clone() };
            work::look(&reply);
            Ok(reply)
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let requests = request.into_inner();
        Ok(Response::new(Box::pin(requests.map(|request| {
            let request = request?;
            work::look(&request);
            let reply = HelloReply { message: request.name };
            work::look(&reply);
            Ok(reply)
        }))))
    }
}
