use grpc_interceptor::{Context, Next, Outcome, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

struct Other;

async fn typed<N>(request: Request<Other>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = Other>,
{
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
