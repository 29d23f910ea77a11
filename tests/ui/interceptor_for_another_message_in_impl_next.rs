use grpc_interceptor::{Context, Next, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

struct Other;

async fn typed(
    request: Request<Other>,
    _: Context,
    next: impl Next<Request = Other, Response = Word>,
) -> Result<Response<Word>, Status> {
    next.run(request).await
}

struct Service;

#[intercepted(typed)]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {
    BareServer::new(Service);
}
