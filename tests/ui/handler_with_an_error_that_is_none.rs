use grpc_interceptor::intercepted;
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response};

struct Service;

/// It has no `impl std::error::Error`.
struct NoError;

#[intercepted]
impl Bare for Service {
    async fn call(&self, _: Request<Word>) -> Result<Response<Word>, NoError> {
        Err(NoError)
    }
}

fn main() {
    BareServer::new(Service);
}
