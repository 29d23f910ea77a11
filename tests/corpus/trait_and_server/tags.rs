//! A fn creates the server, and paths start with `self`.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::orders_server::{Orders, OrdersServer};

pub fn server(state: String) -> OrdersServer<self::Service> {
    OrdersServer::new(self::Service { state })
}

pub struct Service {
    state: String,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Orders for self::Service {
    async fn place_order(
        &self,
        request: Request<crate::pb::shop::v1::Item>,
    ) -> Result<Response<crate::pb::shop::v1::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
