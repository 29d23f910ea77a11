use grpc_interceptor::intercepted;

#[intercepted]
pub struct MyGreeter;

fn main() {}
