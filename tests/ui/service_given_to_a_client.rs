use grpc_interceptor::intercepted;

#[intercepted(service = "pkg.Greeter")]
pub mod greeter_client {
    pub struct GreeterClient<T> {
        inner: tonic::client::Grpc<T>,
    }

    impl<T> GreeterClient<T> {
        pub fn new(inner: T) -> Self {
            Self { inner: tonic::client::Grpc::new(inner) }
        }
    }
}

fn main() {}
