//! One import per line.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use grpc_interceptor_proto::bare::Word;
use grpc_interceptor_proto::plain::bare::bare_server::Bare;
use grpc_interceptor_proto::plain::bare::bare_server::BareServer;

pub struct Dictionary(std::collections::HashMap<String, String>);

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Bare for Dictionary {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub fn server() -> BareServer<Dictionary> {
    BareServer::new(Dictionary(Default::default()))
}
