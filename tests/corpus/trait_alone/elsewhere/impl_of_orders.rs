//! In a folder with another name.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, orders_server::Orders};

pub struct OrdersImpl;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Orders for OrdersImpl {
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
