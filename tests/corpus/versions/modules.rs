//! A module for each version, with only the trait.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::{v1, v2};

pub struct Both;

mod first {
    use super::*;
    use crate::pb::shop::v1::shop_server::Shop;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Shop for Both {
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
}

mod second {
    use super::*;
    use crate::pb::shop::v2::shop_server::Shop;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Shop for Both {
        async fn get_item(&self, request: Request<v2::Item>) -> Result<Response<v2::Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}
