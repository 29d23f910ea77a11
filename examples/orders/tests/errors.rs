//! Errors of any type become statuses.

use grpc_interceptor::{
    Context, intercepted,
    interceptors::{CatchPanic, ErrorToStatus},
    testing,
};
use pb::{
    Order, Receipt,
    orders_client::OrdersClient,
    orders_server::{Orders, OrdersServer},
};
use tonic::{Code, Request, Response, Status};

mod pb {
    tonic::include_proto!("orders.v1");
}

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

#[tokio::test]
async fn an_error_gets_its_code() -> Result<(), Box<dyn std::error::Error>> {
    let server = testing::serve(OrdersServer::new(MyOrders)).start().await?;
    let order = Order { sku: "tea".to_owned(), quantity: 1 };
    let status = OrdersClient::new(server.channel()).place_order(order).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "no tea left"));
    Ok(())
}
