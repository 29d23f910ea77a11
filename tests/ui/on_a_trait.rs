use grpc_interceptor::intercepted;

#[intercepted]
pub trait Greeter {}

fn main() {}
