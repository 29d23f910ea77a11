use grpc_interceptor::{Context, Next, Outcome, intercepted};
use grpc_interceptor_proto::shop::v1::{Item, ItemRequest, shop_server::Shop};
use tonic::{Request, Response, Status, codegen::BoxStream};

/// `watch_items` returns a stream.
async fn check<N>(request: Request<ItemRequest>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = ItemRequest, Response = Item>,
{
    next.run(request).await
}

struct Service;

#[intercepted(check)]
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
