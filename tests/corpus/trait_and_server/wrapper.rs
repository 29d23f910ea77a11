//! A wrapper around a type that the crate's user supplies.

use std::{pin::Pin, sync::Arc};

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::{
    pb::shop::v1::{
        shop_server::{Shop, ShopServer},
        *,
    },
    tell,
};

pub trait Snapshotter: Send + Sync + 'static {}
impl Snapshotter for u8 {}

pub(crate) struct Wrapper<S: Snapshotter> {
    snapshotter: Arc<S>,
}

pub(crate) fn server<S: Snapshotter>(snapshotter: Arc<S>) -> ShopServer<Wrapper<S>> {
    ShopServer::new(Wrapper { snapshotter })
}

#[intercepted(tell)]
#[tonic::async_trait]
impl<S: Snapshotter> Shop for Wrapper<S> {
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
