//! The package is imported by a glob.

mod slow_server {
    use crate::pb::shop::v1::*;
    use std::pin::Pin;

    use grpc_interceptor::intercepted;
    use tokio_stream::Stream;
    use tonic::{Request, Response, Status};

    #[derive(Debug, Default)]
    pub struct SlowShop;

    #[intercepted(crate::tell)]
    #[tonic::async_trait]
    impl shop_server::Shop for SlowShop {
        type WatchItemsStream = Pin<Box<dyn Stream<Item = Result<Item, Status>> + Send>>;
        async fn get_item(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
            let id = request.into_inner().id;
            Ok(Response::new(Item { id }))
        }
        async fn watch_items(
            &self,
            _: Request<ItemRequest>,
        ) -> Result<Response<Self::WatchItemsStream>, Status> {
            Ok(Response::new(Box::pin(tokio_stream::empty())))
        }
    }
}

pub use slow_server::SlowShop;
