//! Both are renamed where they are re-exported, and again where they are used.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::rpc::second::{Item, Server as VectorServer, Service as VectorService};

pub struct EventForward;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl VectorService for EventForward {
    async fn get_item(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub fn server() -> VectorServer<EventForward> {
    VectorServer::new(EventForward)
}
