//! Everything is imported from the crate root.

use crate::*;

pub struct Service;

#[grpc_interceptor::intercepted(tell)]
#[tonic::async_trait]
impl pb::shop::v1::orders_server::Orders for Service {
    async fn place_order(
        &self,
        request: tonic::Request<pb::shop::v1::Item>,
    ) -> Result<tonic::Response<pb::shop::v1::Item>, tonic::Status> {
        Ok(tonic::Response::new(request.into_inner()))
    }
}
