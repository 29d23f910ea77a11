use grpc_interceptor::{Context, Next, Outcome, interceptors::List};
use tonic::Request;

async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

fn main() {
    List::new().push(log);
}
