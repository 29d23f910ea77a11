//! The generated server is renamed because the struct has its name.

use std::{pin::Pin, sync::Arc};

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::shop_server::{Shop, ShopServer as Server};
use crate::pb::shop::v1::{Item, ItemRequest};

#[derive(Debug)]
pub struct ShopServer {
    pub stores: Arc<[u8]>,
}

impl ShopServer {
    pub fn into_service(self) -> Server<Self> {
        Server::new(self)
    }
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for ShopServer {
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
