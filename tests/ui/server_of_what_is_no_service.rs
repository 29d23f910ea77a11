use grpc_interceptor::testing;
use grpc_interceptor_proto::default_stubs::greeter_server::GreeterServer;

struct MyGreeter;

fn main() {
    let _ = testing::serve(GreeterServer::new(MyGreeter));
}
