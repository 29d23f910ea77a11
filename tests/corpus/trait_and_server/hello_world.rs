//! As in tonic's tutorial.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use hello_world::shop_server::{Shop, ShopServer};
use hello_world::{Item, ItemRequest};

pub mod hello_world {
    pub use crate::pb::shop::v1::*;
}

#[derive(Debug, Default)]
pub struct MyShop {}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for MyShop {
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

#[tokio::test]
async fn main() {
    crate::check(ShopServer::new(MyShop::default()), &crate::SHOP).await;
}
