//! Instrumented handlers, docs and other attributes around the impl, and an import after it.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

/// Counts.
pub struct Ledger;

/// The RPCs.
#[intercepted(crate::tell)]
#[tonic::async_trait]
#[allow(clippy::needless_return)]
impl Orders for Ledger {
    /// Places it.
    #[tracing::instrument(skip(self, request))]
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        return Ok(Response::new(request.into_inner()));
    }
}

use crate::pb::shop::v1::Item;
use crate::pb::shop::v1::orders_server::Orders;
