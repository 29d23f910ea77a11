//! Re-exported next to the messages, in a file of the crate.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

mod proto {
    pub use crate::pb::shop::v1::Item;
    pub use crate::pb::shop::v1::orders_server::{Orders, OrdersServer};
}

pub struct GrpcPageServiceHandler;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl proto::Orders for GrpcPageServiceHandler {
    async fn place_order(
        &self,
        request: Request<proto::Item>,
    ) -> Result<Response<proto::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub fn server() -> proto::OrdersServer<GrpcPageServiceHandler> {
    proto::OrdersServer::new(GrpcPageServiceHandler)
}
