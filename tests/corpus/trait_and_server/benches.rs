//! The trait's file is marked `#[rustfmt::skip]`, and the group contains a comment.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{
    // the messages
    Item,
    ItemRequest,
    /* the service */ shop_server::{Shop, ShopServer},
};

pub struct BenchServer;

#[intercepted(crate::tell)]
#[rustfmt::skip]
#[tonic::async_trait]
impl Shop for BenchServer {
    type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<Item, Status>> + Send>>;
    async fn get_item(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(Item { id }))
    }
    async fn watch_items(&self, _: Request<ItemRequest>) -> Result<Response<Self::WatchItemsStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

pub fn server() -> ShopServer<BenchServer> {
    ShopServer::new(BenchServer)
}
