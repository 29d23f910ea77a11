//! The macro takes the type: the impl is the same for each mock.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::orders_server::{Orders, OrdersServer};

macro_rules! impl_orders {
    ($ty:ty) => {
        #[intercepted(crate::tell)]
        #[tonic::async_trait]
        impl Orders for $ty {
            async fn place_order(
                &self,
                request: Request<$crate::pb::shop::v1::Item>,
            ) -> Result<Response<$crate::pb::shop::v1::Item>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

pub struct One;
pub struct Two;

impl_orders!(One);
impl_orders!(Two);

#[tokio::test]
async fn both() {
    crate::check(OrdersServer::new(One), &crate::ORDERS).await;
    crate::check(OrdersServer::new(Two), &crate::ORDERS).await;
}
