//! The messages are imported by a glob, in a file with its own `include!`.

#[allow(clippy::all)]
pub mod proto {
    pub use crate::pb::shop::v1::*;
}

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use self::proto::{
    orders_server::{Orders, OrdersServer},
    *,
};

pub struct Notifications {
    app: (),
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Orders for Notifications {
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn start() {
    crate::check(OrdersServer::new(Notifications { app: () }), &crate::ORDERS).await;
}
