use grpc_interceptor::intercepted;

#[intercepted]
pub mod greeter_server {
    pub trait Greeter {}

    #[grpc_interceptor::intercepted]
    pub struct GreeterServer<T> {
        inner: T,
        accept_compression_encodings: (),
    }
}

fn main() {}
