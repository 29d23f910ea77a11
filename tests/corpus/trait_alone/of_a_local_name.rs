//! The import starts with a name that the file imports.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb;
use orders::orders_server::Orders;
use pb::shop::v1 as orders;

pub struct OfALocalName;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Orders for OfALocalName {
    async fn place_order(
        &self,
        request: Request<pb::shop::v1::Item>,
    ) -> Result<Response<pb::shop::v1::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
