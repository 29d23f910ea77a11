//! The trait comes from a module of re-exports, and a struct has the server's name.

use std::{pin::Pin, sync::Arc};

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request as TonicRequest, Response as TonicResponse, Status as TonicStatus};

use crate::{
    rpc::{Item, ItemRequest, Shop},
    tell,
};

#[derive(Debug)]
pub(crate) struct ShopServer {
    storage: Arc<str>,
}

impl ShopServer {
    pub(crate) fn new(storage: Arc<str>) -> Self {
        Self { storage }
    }
}

#[intercepted(tell)]
#[tonic::async_trait]
impl Shop for ShopServer {
    type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<Item, TonicStatus>> + Send>>;

    async fn get_item(
        &self,
        request: TonicRequest<ItemRequest>,
    ) -> Result<TonicResponse<Item>, TonicStatus> {
        Ok(TonicResponse::new(Item { id: request.into_inner().id }))
    }

    async fn watch_items(
        &self,
        _: TonicRequest<ItemRequest>,
    ) -> Result<TonicResponse<Self::WatchItemsStream>, TonicStatus> {
        Ok(TonicResponse::new(Box::pin(tokio_stream::empty())))
    }
}
