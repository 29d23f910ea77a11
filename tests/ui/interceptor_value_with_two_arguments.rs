use grpc_interceptor::{Next, Outcome, interceptor};
use tonic::Request;

#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, next: N) -> Outcome<N> {
    next.run(request).await
}

fn main() {}
