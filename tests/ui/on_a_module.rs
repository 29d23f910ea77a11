use grpc_interceptor::intercepted;

#[intercepted]
pub mod greeter_client {
    pub struct GreeterClient;
}

fn main() {}
