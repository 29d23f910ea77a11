//! In a file's tests, which import everything else from their parent.

use crate::pb::shop::v1::{Item, orders_server, shop_server};

#[cfg(test)]
mod tests {
    use orders_server::OrdersServer;

    use super::*;
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    struct Suspendable;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl orders_server::Orders for Suspendable {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    #[tokio::test]
    async fn suspends() {
        crate::check(OrdersServer::new(Suspendable), &crate::ORDERS).await;
    }
}
