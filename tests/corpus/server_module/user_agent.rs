//! In the style of tonic's own tests.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, orders_server, shop_server};

#[tokio::test]
async fn one_service() {
    struct Svc;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl shop_server::Shop for Svc {
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

    crate::check(shop_server::ShopServer::new(Svc), &crate::SHOP).await;
}

#[tokio::test]
async fn two_services() {
    struct Svc1;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl shop_server::Shop for Svc1 {
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

    struct Svc2(u8);

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl orders_server::Orders for Svc2 {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    crate::check(shop_server::ShopServer::new(Svc1), &crate::SHOP).await;
    crate::check(orders_server::OrdersServer::new(Svc2(0)), &crate::ORDERS).await;
}

#[tokio::test]
async fn a_trait_from_a_module_in_scope() {
    use orders_server::Orders;

    struct Svc;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Orders for Svc {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    crate::check(orders_server::OrdersServer::new(Svc), &crate::ORDERS).await;
}
