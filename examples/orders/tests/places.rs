//! All four places where interceptors go, in one call.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome, intercepted, interceptor,
    interceptors::{except, services, when},
    testing,
};
use pb::{
    Order, Receipt,
    orders_client::OrdersClient,
    orders_server::{Orders, OrdersServer, methods},
};
use tonic::{Request, Response, Status, transport::Server};

mod pb {
    tonic::include_proto!("orders.v1");
}

struct Auth {
    token: String,
}

impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match request.metadata().get("authorization") {
            Some(token) if token.as_bytes() == self.token.as_bytes() => next.run(request).await,
            _ => Err(Status::unauthenticated("the token is missing or wrong")),
        }
    }
}

/// Adds the token to a client's calls.
struct Token(&'static str);

impl<N: Next> Interceptor<N> for Token {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let token = self.0.parse().map_err(|_| Status::internal("the token isn't ASCII"))?;
        request.metadata_mut().insert("authorization", token);
        next.run(request).await
    }
}

/// Records that a call passes, and where.
#[derive(Clone)]
struct Passes(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl<N: Next> Interceptor<N> for Passes {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.1.lock().unwrap().push(self.0);
        next.run(request).await
    }
}

/// Accepts only unary RPCs that take an `Order`.
#[interceptor]
async fn limit<N>(request: Request<Order>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = Order>,
{
    if request.get_ref().quantity > 100 {
        return Err(Status::invalid_argument("at most 100 at a time"));
    }
    next.run(request).await
}

struct MyOrders {
    passes: Passes,
}

#[intercepted(self.passes, limit)]
impl Orders for MyOrders {
    async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        let Order { sku, quantity } = request.into_inner();
        Ok(Response::new(Receipt { id: format!("{quantity}x{sku}") }))
    }
}

#[tokio::test]
async fn a_call_passes_all_four_in_order() -> Result<(), Box<dyn std::error::Error>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let passes = |place| Passes(place, seen.clone());
    let my_orders = MyOrders { passes: passes("attribute") };
    let auth = Auth { token: "open-sesame".to_owned() };

    let orders = OrdersServer::with_interceptors(my_orders, passes("server"));
    let layer = InterceptorLayer::new((passes("layer"), auth));
    let server = testing::serve(Server::builder().layer(layer).add_service(orders)).start().await?;
    let interceptors = (passes("client"), Token("open-sesame"));
    let mut client = OrdersClient::with_interceptors(server.channel(), interceptors);

    let receipt = client.place_order(order(2)).await?.into_inner();
    assert_eq!(receipt.id, "2xtea");
    assert_eq!(*seen.lock().unwrap(), ["client", "layer", "server", "attribute"]);

    let refused = client.place_order(order(101)).await.unwrap_err();
    assert_eq!(refused.message(), "at most 100 at a time");

    let mut stranger = OrdersClient::new(server.channel());
    let refused = stranger.place_order(order(2)).await.unwrap_err();
    assert_eq!(refused.message(), "the token is missing or wrong");
    assert_eq!(seen.lock().unwrap().last(), Some(&"layer"));
    Ok(())
}

#[tokio::test]
async fn some_calls_can_be_left_out() -> Result<(), Box<dyn std::error::Error>> {
    let auth = || Auth { token: "open-sesame".to_owned() };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let orders = || MyOrders { passes: Passes("attribute", seen.clone()) };

    let open = when(except([methods::PLACE_ORDER]), auth());
    let server = testing::serve(OrdersServer::with_interceptors(orders(), open)).start().await?;
    OrdersClient::new(server.channel()).place_order(order(1)).await?;

    let closed = when(services(["orders.v1.Orders"]), auth());
    let server = testing::serve(OrdersServer::with_interceptors(orders(), closed)).start().await?;
    OrdersClient::new(server.channel()).place_order(order(1)).await.unwrap_err();
    Ok(())
}

fn order(quantity: u32) -> Order {
    Order { sku: "tea".to_owned(), quantity }
}
