//! The handlers are in the file's module, and a mock is in its tests.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, shop_server::Shop};

pub struct Real;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for Real {
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
pub mod tests {
    use super::*;

    #[derive(Default)]
    pub struct MockShop {
        pub calls: std::sync::atomic::AtomicUsize,
    }

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Shop for MockShop {
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
}
