use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {}

struct Log;

fn main() {
    GreeterServer::with_interceptors(MyGreeter, Log);
}
