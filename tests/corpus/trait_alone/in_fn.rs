//! Everything is inside a fn.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1 as shop;

#[tokio::test]
async fn the_import_is_in_the_fn() {
    use crate::pb::shop::v1::shop_server::Shop;
    use crate::pb::shop::v1::{Item, ItemRequest};

    struct Svc;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Shop for Svc {
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

    crate::check(shop::shop_server::ShopServer::new(Svc), &crate::SHOP).await;
}

#[test]
fn the_import_is_in_a_module_of_the_fn() {
    mod telemetry {
        use super::*;
        use crate::pb::shop::v1::shop_server::Shop;

        pub struct MockPoints;

        #[intercepted(crate::tell)]
        #[tonic::async_trait]
        #[allow(unused_variables)]
        impl Shop for MockPoints {
            type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<shop::Item, Status>> + Send>>;
            async fn get_item(
                &self,
                request: Request<shop::ItemRequest>,
            ) -> Result<Response<shop::Item>, Status> {
                let id = request.into_inner().id;
                Ok(Response::new(shop::Item { id }))
            }
            async fn watch_items(
                &self,
                _: Request<shop::ItemRequest>,
            ) -> Result<Response<Self::WatchItemsStream>, Status> {
                Ok(Response::new(Box::pin(tokio_stream::empty())))
            }
        }
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = shop::shop_server::ShopServer::new(telemetry::MockPoints);
    runtime.block_on(crate::check(server, &crate::SHOP));
}
