use grpc_interceptor::{interceptors::CatchPanic, intercepted};
use grpc_interceptor_proto::shop::v1::{Item, ItemRequest, shop_server::Shop};
use tonic::{Request, Response, Status, codegen::BoxStream};

fn catch_panic() -> CatchPanic {
    CatchPanic::new()
}

struct Service;

#[intercepted(catch_panic)]
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
