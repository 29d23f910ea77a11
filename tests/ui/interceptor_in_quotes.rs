use grpc_interceptor::{Context, Next, Outcome, intercepted};
use grpc_interceptor_proto::shop::v1::{Item, ItemRequest, shop_server::Shop};
use tonic::{Request, Response, Status, codegen::BoxStream};

async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

struct Service;

#[intercepted("log")]
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
