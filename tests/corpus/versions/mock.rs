//! The file uses the first version, and a mock in a test uses the second.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, shop_server::Shop};
use crate::pb::shop::v2;

pub struct First;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for First {
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
async fn with_a_mock() {
    use crate::pb::shop::v2::shop_server::Shop;

    struct Mock;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Shop for Mock {
        async fn get_item(&self, request: Request<v2::Item>) -> Result<Response<v2::Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    crate::check(v2::shop_server::ShopServer::new(Mock), &crate::SHOP_V2).await;
}
