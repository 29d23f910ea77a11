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
        context: Context,
        request: Request<Word>,
    ) -> Result<Response<Word>, Status> {
        let _ = context;
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {
    tonic::transport::Server::builder().add_service(BareServer::new(Service));
}
