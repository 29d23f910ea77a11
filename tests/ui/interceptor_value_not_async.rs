use grpc_interceptor::{Context, Next, Outcome, interceptor};
use tonic::Request;

#[interceptor]
fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let _ = next.run(request);
    todo!()
}

fn main() {}
