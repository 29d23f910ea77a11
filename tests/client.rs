//! Interceptors on a generated client: what it can be made of, and where it can be used.

use std::sync::Arc;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload as _, Side, interceptor};
use grpc_interceptor_proto::{
    arc_self,
    greeter::{
        HelloReply, HelloRequest,
        greeter_client::{GreeterClient, GreeterInterceptors, InterceptedGreeterClient},
    },
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

mod support;

/// Any RPC.
#[interceptor]
async fn mark<N: Next>(mut request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    assert_eq!(context.side(), Side::Client);
    request.metadata_mut().insert("mark", "set".parse().unwrap());
    next.run(request).await
}

/// RPCs that answer with one `HelloReply` or many.
#[interceptor]
async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = HelloReply>,
{
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_messages(|reply| HelloReply { message: reply.message.to_uppercase() })
    }))
}
