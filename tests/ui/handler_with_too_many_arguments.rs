use grpc_interceptor::{Context, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

struct Service;

#[intercepted]
impl Bare for Service {
    async fn call(
        &self,
        request: Request<Word>,
        context: Context,
        more: u8,
    ) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {
    BareServer::new(Service);
}
