//! A client that tries again.

use crate::pb::orders_client::InterceptedOrdersClient;
use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tonic::{Code, Request, transport::Channel};

/// Tries once more if the server was unavailable. A stream can't be sent again: `None`.
#[derive(Clone)]
pub struct Retry;

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let again = next.clone_request(&request);
        match (next.run(request).await, again) {
            (Err(status), Some(again)) if status.code() == Code::Unavailable => {
                next.run(again).await
            }
            (outcome, _) => outcome,
        }
    }
}

/// The client's type has a name, so it fits in a field.
pub struct App {
    pub orders: InterceptedOrdersClient<Channel, Retry>,
}

mod service;

use grpc_interceptor::testing;
use service::{
    MyOrders, order, pb, pb::orders_client::OrdersClient, pb::orders_server::OrdersServer,
};
use tonic::Status;

#[tokio::test]
async fn the_second_attempt_succeeds() -> Result<(), Box<dyn std::error::Error>> {
    let fails_once = testing::FailFirst::new(1, Status::unavailable("not yet"));
    let server = OrdersServer::with_interceptors(MyOrders, fails_once);
    let server = testing::serve(server).start().await?;
    let mut app = App { orders: OrdersClient::with_interceptors(server.channel(), Retry) };
    assert_eq!(app.orders.place_order(order(2)).await?.into_inner().id, "2xtea");
    Ok(())
}
