use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

/// Has the trait, and not the server.
mod api {
    pub use grpc_interceptor_proto::{bare::Word, plain::bare::bare_server::Bare};
}

use api::{Bare, Word};

struct Service;

#[intercepted]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
