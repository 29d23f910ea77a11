use grpc_interceptor::{Context, InterceptorLayer, Next, Outcome, interceptor};
use grpc_interceptor_proto::greeter::HelloRequest;
use tonic::{Request, transport::Server};

#[interceptor]
async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    next.run(request).await
}

fn main() {
    Server::builder().layer(InterceptorLayer::new(shout));
}
