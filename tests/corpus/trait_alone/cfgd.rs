//! The imports depend on the target.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

#[cfg(not(target_os = "hermit"))]
use crate::pb::shop::v1::{Item, ItemRequest, shop_server::Shop};
#[cfg(target_os = "hermit")]
use crate::pb::shop::v2::{Item, shop_server::Shop};

pub struct Cfgd;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for Cfgd {
    type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<Item, Status>> + Send>>;
    async fn get_item(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(Item { id }))
    }
    async fn watch_items(
        &self,
        _: Request<ItemRequest>,
    ) -> Result<Response<Self::WatchItemsStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}
