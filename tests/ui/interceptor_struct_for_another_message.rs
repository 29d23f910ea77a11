use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

struct Other;

struct Typed;

impl<N: Next<Request = Other>> Interceptor<N> for Typed {
    async fn intercept(&self, request: Request<Other>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

struct Service;

#[intercepted(Typed)]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {
    BareServer::new(Service);
}
