use grpc_interceptor::{Context, Interceptor, Outcome};
use tonic::Request;

struct Log;

impl Interceptor for Log {
    async fn intercept(&self, _: Request<()>, _: Context, _: ()) -> Outcome<()> {
        Ok(tonic::Response::new(()))
    }
}

fn main() {}
