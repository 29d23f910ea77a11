use grpc_interceptor::{Context, Next, Outcome, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Result<(), Status> {
    next.run(request).await.map(|_| ())
}

struct Service;

#[intercepted(pass)]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {
    BareServer::new(Service);
}
