//! The struct is generic, has the server's name, and its parameters are on the impl.

use std::pin::Pin;

use grpc_interceptor::intercepted;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, ItemRequest, orders_server::Orders, shop_server::Shop};

pub trait Plan: Send + Sync {}
impl Plan for () {}

pub struct OrdersServer<T: 'static + Plan, U: 'static + Plan> {
    pub plan: T,
    pub physical: U,
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl<T: 'static + Plan, U: 'static + Plan> Orders for OrdersServer<T, U> {
    async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercepted(crate::tell)]
#[tonic::async_trait]
impl<T: 'static + Plan, U: 'static + Plan> Shop for OrdersServer<T, U> {
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
