use grpc_interceptor::{Context, InterceptorLayer, Next, Outcome};
use tonic::{Request, transport::Server};

async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

fn main() {
    Server::builder().layer(InterceptorLayer::new((log, ())));
}
