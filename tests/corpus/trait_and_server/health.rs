//! In the tests of a client.

use std::time::Duration;

pub struct Client {
    pub timeout: Duration,
}

#[cfg(test)]
mod tests {
    use crate::pb::shop::v1::Item;
    use crate::pb::shop::v1::orders_server::{Orders, OrdersServer};
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::*;

    #[derive(Default)]
    struct Healthy;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Orders for Healthy {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    struct Pending {
        timeout: Duration,
    }

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Orders for Pending {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    #[tokio::test]
    async fn is_healthy() {
        crate::check(OrdersServer::new(Healthy), &crate::ORDERS).await;
        let timeout = Duration::ZERO;
        crate::check(OrdersServer::new(Pending { timeout }), &crate::ORDERS).await;
    }
}
