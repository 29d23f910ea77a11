use grpc_interceptor::intercepted;

#[intercepted]
async fn say_hello() {}

fn main() {}
