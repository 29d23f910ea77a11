//! The trait is in one group with its messages.

use grpc_interceptor::intercepted;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, shop_server::Shop};

pub struct DiscoveryImpl {
    pub registered: bool,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl Shop for DiscoveryImpl {
    type WatchItemsStream = ReceiverStream<Result<Item, Status>>;
    async fn get_item(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(Item { id }))
    }
    async fn watch_items(
        &self,
        _: Request<ItemRequest>,
    ) -> Result<Response<Self::WatchItemsStream>, Status> {
        Ok(Response::new(ReceiverStream::new(tokio::sync::mpsc::channel(1).1)))
    }
}
