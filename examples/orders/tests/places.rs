//! All four places where interceptors go, in one call.

mod service;

use std::sync::{Arc, Mutex};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome, intercepted, testing,
};
use service::pb::{
    Order, Receipt,
    orders_client::OrdersClient,
    orders_server::{Orders, OrdersServer},
};
use tonic::{Request, Response, Status, transport::Server};

/// Records that a call passes, and where.
#[derive(Clone)]
struct Passes(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl<N: Next> Interceptor<N> for Passes {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.1.lock().unwrap().push(self.0);
        next.run(request).await
    }
}

struct MyOrders {
    passes: Passes,
}

#[intercepted(self.passes)]
impl Orders for MyOrders {
    async fn place_order(&self, _: Request<Order>) -> Result<Response<Receipt>, Status> {
        Ok(Response::new(Receipt::default()))
    }
}

#[tokio::test]
async fn a_call_passes_all_four_in_order() -> Result<(), Box<dyn std::error::Error>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let passes = |place| Passes(place, seen.clone());

    let my_orders = MyOrders { passes: passes("attribute") };
    let orders = OrdersServer::with_interceptors(my_orders, passes("server"));
    let layer = InterceptorLayer::new(passes("layer"));
    let server = testing::serve(Server::builder().layer(layer).add_service(orders)).start().await?;
    let mut client = OrdersClient::with_interceptors(server.channel(), passes("client"));

    client.place_order(Order::default()).await?;
    assert_eq!(*seen.lock().unwrap(), ["client", "layer", "server", "attribute"]);
    Ok(())
}
