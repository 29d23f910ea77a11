//! As in tonic's examples: the generated code and a struct with the server's name in one file.

pub mod pb {
    pub use crate::pb::shop::v1::*;
}

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use pb::{Item, ItemRequest};

#[derive(Debug)]
pub struct ShopServer {}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl pb::shop_server::Shop for ShopServer {
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
    let server = pb::shop_server::ShopServer::new(ShopServer {});
    crate::check(server, &crate::SHOP).await;
}
