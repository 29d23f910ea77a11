//! Through an `extern crate` with another name.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use api::bare::Word;
use api::plain::bare::bare_server::Bare;

pub struct Spoken;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Bare for Spoken {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
