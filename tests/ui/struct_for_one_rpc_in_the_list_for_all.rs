use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::shop::v1::{Item, ItemRequest, shop_server::Shop};
use tonic::{Request, Response, Status, codegen::BoxStream};

/// `watch_items` returns a stream.
struct Check;

impl<N: Next<Response = Item>> Interceptor<N> for Check {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

struct Service {
    check: Check,
}

#[intercepted(self.check)]
impl Shop for Service {
    async fn get_item(&self, _: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        Err(Status::internal("not called"))
    }

    type WatchItemsStream = BoxStream<Item>;

    async fn watch_items(
        &self,
        _: Request<ItemRequest>,
    ) -> Result<Response<Self::WatchItemsStream>, Status> {
        Err(Status::internal("not called"))
    }
}

fn main() {}
