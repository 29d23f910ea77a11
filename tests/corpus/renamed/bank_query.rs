//! Two packages have a trait with this name, so both are renamed.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::{
    v1::{self, shop_server::Shop as BankQuery},
    v2::{self, shop_server::Shop as TransferQuery},
};

#[derive(Clone)]
pub struct Server;

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl BankQuery for Server {
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
impl TransferQuery for Server {
    async fn get_item(&self, request: Request<v2::Item>) -> Result<Response<v2::Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
