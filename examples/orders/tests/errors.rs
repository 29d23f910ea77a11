//! Errors of any type become statuses.

use crate::pb::{Order, Receipt, orders_server::Orders};
use grpc_interceptor::interceptors::{CatchPanic, ErrorToStatus};
use grpc_interceptor::{Context, intercepted};
use tonic::{Request, Response, Status};

#[derive(Debug, thiserror::Error)]
#[error("{0} is sold out")]
struct SoldOut(String);

fn to_status(error: &(dyn std::error::Error + 'static), _: &Context) -> Option<Status> {
    let SoldOut(sku) = error.downcast_ref()?;
    Some(Status::failed_precondition(format!("no {sku} left")))
}

struct MyOrders;

#[intercepted(CatchPanic::new(), ErrorToStatus::new().map(to_status))]
impl Orders for MyOrders {
    async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, SoldOut> {
        Err(SoldOut(request.into_inner().sku))
    }
}

mod service;

use grpc_interceptor::testing;
use service::{order, pb, pb::orders_client::OrdersClient, pb::orders_server::OrdersServer};
use tonic::Code;

#[tokio::test]
async fn an_error_gets_its_code() -> Result<(), Box<dyn std::error::Error>> {
    let server = testing::serve(OrdersServer::new(MyOrders)).start().await?;
    let status = OrdersClient::new(server.channel()).place_order(order(1)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "no tea left"));
    Ok(())
}
