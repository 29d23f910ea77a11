use grpc_interceptor::intercepted;
use grpc_interceptor_proto::bare::{Word, bare_server::Bare};
use tonic::{Request, Response, Status};

struct Service;

#[intercepted]
impl Bare for Service {
    #[rpc(name = "Cal")]
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
