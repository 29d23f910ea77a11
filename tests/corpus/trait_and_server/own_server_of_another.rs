//! As above, but another service's struct has the server's name.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{
    Item, ItemRequest,
    orders_server::{Orders, OrdersServer as Server},
    shop_server::{Shop, ShopServer},
};

#[derive(Clone)]
pub struct OrdersServer;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for OrdersServer {
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

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Orders for OrdersServer {
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn both() {
    crate::check(ShopServer::new(OrdersServer), &crate::SHOP).await;
    crate::check(Server::new(OrdersServer), &crate::ORDERS).await;
}
