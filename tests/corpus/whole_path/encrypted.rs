//! A generic impl.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::plain as api;
use tonic::{Request, Response, Status};

pub trait Terminal {}
impl Terminal for u8 {}

pub struct Encrypted<T> {
    pub terminal: T,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl<T: Terminal + Clone + Send + Sync + 'static> api::bare::bare_server::Bare for Encrypted<T> {
    async fn call(
        &self,
        request: Request<grpc_interceptor_proto::bare::Word>,
    ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
