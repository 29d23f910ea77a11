use grpc_interceptor::intercepted;
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

struct Service;

#[intercepted]
impl Bare for Service {
    async fn call(&self) -> Result<Response<Word>, Status> {
        Ok(Response::new(Word::default()))
    }
}

fn main() {
    BareServer::new(Service);
}
