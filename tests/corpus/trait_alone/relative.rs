//! From a relative path.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::super::pb::shop::v1::{self, shop_server::Shop};

pub struct Relative;

#[intercepted(crate::tell)]
impl Shop for Relative {
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
