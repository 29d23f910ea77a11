use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tonic::Request;

struct Log;

#[tonic::async_trait]
impl<N: Next> Interceptor<N> for Log {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

fn main() {}
