//! Two services with a struct each, and `async_trait` from the other crate.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::orders_server::Orders;
use crate::pb::shop::v1::shop_server::Shop;
use crate::pb::shop::v1::{Item, ItemRequest};

pub struct Snapshots {
    pub toc: Arc<u8>,
}

#[intercepted(crate::tell)]
#[async_trait]
impl Shop for Snapshots {
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

pub struct ShardSnapshots(pub Arc<u8>);

#[intercepted(crate::tell)]
#[async_trait]
impl Orders for ShardSnapshots {
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
