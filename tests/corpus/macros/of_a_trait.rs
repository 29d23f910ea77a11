//! The macro takes the trait.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::Item;
use crate::pb::shop::v1::orders_server::Orders;

macro_rules! impl_fetch_api {
    (impl $trait:ident for $server:ident { fn $fetch:ident; }) => {
        #[intercepted(crate::tell)]
        #[tonic::async_trait]
        impl $trait for $server {
            async fn $fetch(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

pub struct AdsServer;

impl_fetch_api! {
    impl Orders for AdsServer { fn place_order; }
}
