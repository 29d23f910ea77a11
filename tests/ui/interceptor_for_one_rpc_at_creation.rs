use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::HelloRequest,
};
use tonic::Request;

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {}

/// Of the service's four RPCs, one takes a `HelloRequest`.
struct Shout;

impl<N: Next<Request = HelloRequest>> Interceptor<N> for Shout {
    async fn intercept(&self, request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

fn main() {
    GreeterServer::with_interceptors(MyGreeter, (Shout,));
}
