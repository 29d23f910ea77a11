use grpc_interceptor::{Context, Next, Outcome, intercepted, interceptor};
use tonic::Request;

#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[intercepted(log)]
pub mod greeter_server {
    pub trait Greeter {}

    pub struct GreeterServer<T> {
        inner: T,
        accept_compression_encodings: (),
    }
}

fn main() {}
