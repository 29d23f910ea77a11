use grpc_interceptor::intercepted;

struct MyGreeter;

#[intercepted]
impl MyGreeter {
    async fn say_hello(&self) {}
}

fn main() {}
