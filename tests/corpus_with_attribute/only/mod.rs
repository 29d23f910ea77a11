//! Impls that need the attribute on the generated code, or `service = …`: the trait's origin is in
//! another file, or it is re-exported without its server or under another name.

mod component;
mod numbered;
mod of_the_prelude;
mod protocol;
mod vector;

use crate::{pb::*, *};

#[tokio::test]
async fn reexported_protocol() {
    check(
        shop::v1::orders_server::OrdersServer::new(protocol::Rpc { command: (), role: 0 }),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn renamed_vector() {
    check(vector::server(), &SHOP_V2).await;
}

#[tokio::test]
async fn globs_component() {
    check(shop::v1::orders_server::OrdersServer::new(component::stub::Disabled), &ORDERS).await;
}

#[tokio::test]
async fn globs_of_the_prelude() {
    check(shop::v1::shop_server::ShopServer::new(of_the_prelude::Preluded), &SHOP).await;
}

#[tokio::test]
async fn versions_numbered() {
    check(shop::v1::shop_server::ShopServer::new(numbered::Both), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(numbered::Both), &SHOP_V2).await;
}
