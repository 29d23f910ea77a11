pub mod greeter_server {
    pub trait Greeter {}

    #[grpc_interceptor::intercepted(service = super::greeter_server)]
    pub struct GreeterServer<T> {
        inner: T,
        accept_compression_encodings: (),
    }
}

fn main() {}
