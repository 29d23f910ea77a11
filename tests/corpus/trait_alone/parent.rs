//! The parent imports the trait, and the child takes it from there.

use crate::pb::shop::v1::orders_server::Orders;

pub mod child {
    use super::Orders;
    use crate::pb::shop::v1::Item;
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    pub struct Child;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl Orders for Child {
        async fn place_order(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}
