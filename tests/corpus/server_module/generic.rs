//! Generic, with a where clause.

use std::sync::Arc;

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, orders_server};

pub struct BlockProducerApi<T> {
    pub queue: Arc<T>,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl<T> orders_server::Orders for BlockProducerApi<T>
where
    T: Send + Sync + 'static,
{
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
