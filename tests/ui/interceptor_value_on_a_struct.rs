use grpc_interceptor::interceptor;

#[interceptor]
pub struct Auth {
    token: String,
}

fn main() {}
