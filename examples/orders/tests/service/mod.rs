//! The service that the tests call.

#![allow(dead_code, reason = "each test file uses a part of it")]

use pb::orders_server::{Orders, OrdersServer};
use tonic::{Request, Response, Status};

pub mod pb {
    tonic::include_proto!("orders.v1");
}

pub struct MyOrders;

#[tonic::async_trait]
impl Orders for MyOrders {
    async fn place_order(
        &self,
        request: Request<pb::Order>,
    ) -> Result<Response<pb::Receipt>, Status> {
        let pb::Order { sku, quantity } = request.into_inner();
        Ok(Response::new(pb::Receipt { id: format!("{quantity}x{sku}") }))
    }
}

pub fn server() -> OrdersServer<MyOrders> {
    OrdersServer::new(MyOrders)
}

pub fn order(quantity: u32) -> pb::Order {
    pb::Order { sku: "tea".to_owned(), quantity }
}
