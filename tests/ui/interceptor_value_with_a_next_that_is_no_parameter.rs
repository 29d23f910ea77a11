use grpc_interceptor::{Context, Next, Outcome, interceptor};
use tonic::Request;

#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, _: Context, next: &N) -> Outcome<N> {
    next.run(request).await
}

fn main() {}
