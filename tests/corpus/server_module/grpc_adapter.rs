//! The module has another name.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, shop_server as grpc};

/// The crate's own trait.
pub trait Shop: Send + Sync {}

#[derive(Clone)]
pub struct GrpcSearchAdapter(pub Arc<dyn Shop>);

impl Shop for () {}

#[intercepted(crate::tell)]
#[async_trait]
impl grpc::Shop for GrpcSearchAdapter {
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
