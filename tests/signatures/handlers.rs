//! What the handlers do, in all the impls.

use std::pin::Pin;

use grpc_interceptor_proto::greeter::{GreetManyTimesRequest, HelloReply, HelloRequest};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

pub type Replies = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;

pub fn echo(request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
    Ok(Response::new(HelloReply { message: request.into_inner().name }))
}

pub async fn join(
    request: Request<Streaming<HelloRequest>>,
) -> Result<Response<HelloReply>, Status> {
    let mut requests = request.into_inner();
    let mut message = String::new();
    while let Some(HelloRequest { name }) = requests.message().await? {
        message += &name;
    }
    Ok(Response::new(HelloReply { message }))
}

pub fn repeat(request: Request<GreetManyTimesRequest>) -> Result<Response<Replies>, Status> {
    let GreetManyTimesRequest { name, times } = request.into_inner();
    let replies = (0..times).map(move |_| Ok(HelloReply { message: name.clone() }));
    Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
}

pub fn echo_each(request: Request<Streaming<HelloRequest>>) -> Result<Response<Replies>, Status> {
    let replies = request.into_inner();
    let replies = replies.map(|request| Ok(HelloReply { message: request?.name }));
    Ok(Response::new(Box::pin(replies)))
}
