use grpc_interceptor::{Context, Interceptor, Next, Outcome, interceptors::List};
use tonic::Request;

struct Retry;

impl<N: Next<Request: Clone>> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

fn main() {
    List::new().push(Retry);
}
