//! The package under another name, in a group.

use grpc_interceptor::intercepted;
use tonic::async_trait;

use crate::pb::shop::v1::{self as proto, Item};

pub struct OpsServiceImpl;

#[intercepted(crate::tell)]
#[async_trait]
impl proto::orders_server::Orders for OpsServiceImpl {
    async fn place_order(
        &self,
        request: tonic::Request<proto::Item>,
    ) -> Result<tonic::Response<proto::Item>, tonic::Status> {
        Ok(tonic::Response::new(request.into_inner()))
    }
}
