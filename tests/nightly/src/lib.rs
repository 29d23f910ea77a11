//! `type … = impl Stream`: the compiler knows the type only in an impl that also has the handler.

#![feature(impl_trait_in_assoc_type)]
#![cfg(test)]

mod no_features;

use grpc_interceptor::{Context, Next, Outcome, Payload as _, intercepted};
use grpc_interceptor_proto::shop::v1::{Item, ItemRequest, shop_server::Shop};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Adds the interceptor's name to each item.
async fn sign<N>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = Item>,
{
    let method = context.method_name().method();
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.map_messages(move |item| Item { id: item.id + method })))
}

/// An impl for a generic type, whose stream yields these items.
macro_rules! shop {
    ($(#[$attribute:meta])+ [$($generics:tt)*] $service:ty: |$self:ident| $items:expr) => {
        $(#[$attribute])+
        impl<$($generics)*> Shop for $service {
            async fn get_item(&self, _: Request<ItemRequest>) -> Result<Response<Item>, Status> {
                Err(Status::internal("not called"))
            }

            type WatchItemsStream = impl Stream<Item = Result<Item, Status>> + Send + 'static;

            async fn watch_items(
                &$self,
                _: Request<ItemRequest>,
            ) -> Result<Response<Self::WatchItemsStream>, Status> {
                let items: Vec<String> = $items;
                Ok(Response::new(tokio_stream::iter(items).map(|id| Ok(Item { id }))))
            }
        }
    };
}

struct Plain;
shop!(#[intercepted(pass)] [] Plain: |self| vec!["a ".to_owned(), "b ".to_owned()]);

struct Signed;
shop!(#[intercepted(sign)] [] Signed: |self| vec!["a ".to_owned(), "b ".to_owned()]);

struct Alone;
shop!(#[intercepted] [] Alone: |self| vec!["a ".to_owned()]);

struct Generic<T>(T);
shop!(
    #[intercepted(sign)]
    [T: ToString + Send + Sync + 'static] Generic<T>: |self| vec![self.0.to_string()]
);

async fn items(service: impl Shop) -> Vec<String> {
    let response = service.watch_items(Request::new(ItemRequest::default())).await.unwrap();
    response.into_inner().map(|item| item.unwrap().id).collect().await
}

#[tokio::test]
async fn they_go_through_interceptors() {
    assert_eq!(items(Plain).await, ["a ", "b "]);
    assert_eq!(items(Signed).await, ["a WatchItems", "b WatchItems"]);
    assert_eq!(items(Alone).await, ["a "]);
    assert_eq!(items(Generic(1)).await, ["1WatchItems"]);
}
