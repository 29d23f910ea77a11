//! One `use` for the whole file.

use {
    crate::{
        pb::shop::v1::{Item, ItemRequest, shop_server::Shop},
        tell,
    },
    grpc_interceptor::intercepted,
    std::{pin::Pin, sync::Arc},
    tokio_stream::Stream,
    tonic::{Request, Response, Result as TonicResult, Status},
};

#[derive(Debug, Clone)]
pub struct GrpcService {
    pub config: Arc<str>,
}

#[intercepted(tell)]
#[tonic::async_trait]
impl Shop for GrpcService {
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
