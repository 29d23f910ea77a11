//! An interceptor for RPCs that take one kind of message.

use crate::pb::Order;
use grpc_interceptor::{Context, Next, Outcome, interceptor};
use tonic::{Request, Status};

/// Accepts RPCs that take one `Order`, no matter what they return.
#[interceptor]
pub async fn limit<N>(request: Request<Order>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = Order>,
{
    if request.get_ref().quantity > 100 {
        return Err(Status::invalid_argument("at most 100 at a time"));
    }
    next.run(request).await
}

mod service;

use grpc_interceptor::testing;
use service::{
    MyOrders, order, pb, pb::orders_client::OrdersClient, pb::orders_server::OrdersServer,
};

#[tokio::test]
async fn a_large_order_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let server = testing::serve(OrdersServer::with_interceptors(MyOrders, limit)).start().await?;
    let mut client = OrdersClient::new(server.channel());
    let status = client.place_order(order(101)).await.unwrap_err();
    assert_eq!(status.message(), "at most 100 at a time");
    assert_eq!(client.place_order(order(100)).await?.into_inner().id, "100xtea");
    Ok(())
}
