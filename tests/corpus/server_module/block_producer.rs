//! The generated module is imported.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1 as proto;
use crate::pb::shop::v1::shop_server;

pub struct StoreApi;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl shop_server::Shop for StoreApi {
    type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<proto::Item, Status>> + Send>>;
    async fn get_item(
        &self,
        request: Request<proto::ItemRequest>,
    ) -> Result<Response<proto::Item>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(proto::Item { id }))
    }
    async fn watch_items(
        &self,
        _: Request<proto::ItemRequest>,
    ) -> Result<Response<Self::WatchItemsStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}
