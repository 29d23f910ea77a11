use grpc_interceptor::{Context, Next, Outcome};
use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
use tonic::Request;

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {}

async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

fn main() {
    GreeterServer::with_interceptors(MyGreeter, log);
}
