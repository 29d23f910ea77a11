//! Two versions of a service in one file, one of them renamed.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::shop_server::{Shop, ShopServer};
use crate::pb::shop::v2::shop_server::{Shop as ShopV2, ShopServer as ShopServerV2};
use crate::pb::shop::{v1, v2};

#[derive(Clone)]
pub struct Versions;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for Versions {
    type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<v1::Item, Status>> + Send>>;
    async fn get_item(
        &self,
        request: Request<v1::ItemRequest>,
    ) -> Result<Response<v1::Item>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(v1::Item { id }))
    }
    async fn watch_items(
        &self,
        _: Request<v1::ItemRequest>,
    ) -> Result<Response<Self::WatchItemsStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl ShopV2 for Versions {
    async fn get_item(&self, request: Request<v2::Item>) -> Result<Response<v2::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn both() {
    crate::check(ShopServer::new(Versions), &crate::SHOP).await;
    crate::check(ShopServerV2::new(Versions), &crate::SHOP_V2).await;
}
