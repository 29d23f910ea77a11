use grpc_interceptor::{Context, Next, Outcome, intercepted, interceptor};
use tonic::Request;

#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[intercepted(log)]
pub mod greeter_client {
    pub struct GreeterClient<T> {
        inner: tonic::client::Grpc<T>,
    }

    impl<T> GreeterClient<T> {
        pub fn new(inner: T) -> Self {
            Self { inner: tonic::client::Grpc::new(inner) }
        }
    }
}

fn main() {}
