//! Interceptors on a client, and a service tested in memory.

use grpc_interceptor::{Context, Interceptor, Next, Outcome, testing};
use pb::orders_client::{InterceptedOrdersClient, OrdersClient};
use pb::orders_server::{Orders, OrdersServer};
use pb::{Order, Receipt};
use tonic::{Code, Request, Response, Status, transport::Channel};

mod pb {
    tonic::include_proto!("orders.v1");
}

/// Tries once more if the server was unavailable. A stream can't be sent again: `None`.
#[derive(Clone)]
struct Retry;

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
struct App {
    orders: InterceptedOrdersClient<Channel, Retry>,
}

struct MyOrders;

#[tonic::async_trait]
impl Orders for MyOrders {
    async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        Ok(Response::new(Receipt { id: request.into_inner().sku }))
    }
}

#[tokio::test]
async fn places_an_order() -> Result<(), Box<dyn std::error::Error>> {
    let fails_once = testing::FailFirst::new(1, Status::unavailable("not yet"));
    let server = OrdersServer::with_interceptors(MyOrders, fails_once);
    let server = testing::serve(server).start().await?; // in memory: no port
    let orders = OrdersClient::with_interceptors(server.channel(), Retry);
    let mut app = App { orders };

    let order = Order { sku: "tea".to_owned(), quantity: 1 };
    let receipt = app.orders.place_order(order).await?;
    assert_eq!(receipt.into_inner().id, "tea");
    Ok(())
}
