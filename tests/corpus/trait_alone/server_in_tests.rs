//! The server is imported only in the file's tests, where it is needed.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, shop_server::Shop};

pub struct Monitor;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for Monitor {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::shop::v1::shop_server::ShopServer;

    #[tokio::test]
    async fn it_serves() {
        crate::check(ShopServer::new(Monitor), &crate::SHOP).await;
    }
}
