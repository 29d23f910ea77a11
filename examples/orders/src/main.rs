use grpc_interceptor::{Context, Next, Outcome, intercepted, interceptor};
use pb::orders_server::{Orders, OrdersServer};
use pb::{Order, Receipt};
use tonic::{Request, Response, Status, transport::Server};

mod pb {
    tonic::include_proto!("orders.v1");
}

/// Prints a line for every call, even if it fails, times out, panics or is cancelled.
#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let method = context.method_name();
    next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
}

struct MyOrders;

#[intercepted(log)] // instead of #[tonic::async_trait]
impl Orders for MyOrders {
    async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        let Order { sku, quantity } = request.into_inner();
        Ok(Response::new(Receipt { id: format!("{quantity}x{sku}") }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().add_service(OrdersServer::new(MyOrders));
    Ok(server.serve("127.0.0.1:50051".parse()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use grpc_interceptor::testing;
    use pb::orders_client::OrdersClient;

    #[tokio::test]
    async fn places_an_order() -> Result<(), Box<dyn std::error::Error>> {
        let server = testing::serve(OrdersServer::new(MyOrders)).start().await?; // in memory
        let mut client = OrdersClient::new(server.channel());

        let order = Order { sku: "tea".to_owned(), quantity: 2 };
        assert_eq!(client.place_order(order).await?.into_inner().id, "2xtea");
        Ok(())
    }
}
