use grpc_interceptor::interceptors::CatchPanic;
use grpc_interceptor_proto::plain::greeter::greeter_server::{Greeter, GreeterServer};

fn serve(greeter: impl Greeter) {
    GreeterServer::with_interceptors(greeter, (CatchPanic::new(),));
}

fn main() {}
