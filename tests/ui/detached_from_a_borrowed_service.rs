//! An interceptor that detaches the rest of the chain, on an impl whose methods take `&self`.

use grpc_interceptor::{Context, Detach, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::bare::{Word, bare_server::Bare};
use tonic::{Request, Response, Status};

struct Finish;

impl<N: Next + Detach> Interceptor<N> for Finish {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tokio::spawn(next.detach().run(request)).await.unwrap()
    }
}

struct Service;

#[intercepted(Finish)]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
