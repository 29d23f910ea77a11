//! The trait of the second version, and a server of the first that forwards its calls.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::shop_server::ShopServer;
use crate::pb::shop::v2::{Item, shop_server::Shop};

pub struct Second;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for Second {
    async fn get_item(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// For old clients.
pub fn old<T>(service: T) -> ShopServer<T> {
    ShopServer::new(service)
}
