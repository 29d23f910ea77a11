use grpc_interceptor::testing;
use grpc_interceptor_proto::default_stubs::greeter_server::Greeter;

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {}

fn main() {
    let _ = testing::serve(MyGreeter);
}
