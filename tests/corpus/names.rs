//! The tests of impls that don't have their own.

use crate::{pb::*, *};

#[tokio::test]
async fn trait_alone_catalog() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::catalog::Catalog), &SHOP).await;
}

#[tokio::test]
async fn trait_alone_discovery() {
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::discovery::DiscoveryImpl {
            registered: true,
        }),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_points() {
    check(
        grpc_interceptor_proto::plain::greeter::greeter_server::GreeterServer::new(
            trait_alone::points::PointsService::default(),
        ),
        &GREETER,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_geyser() {
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::geyser::GrpcService {
            config: "".into(),
        }),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_relative() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::relative::Relative), &SHOP).await;
}

#[tokio::test]
async fn trait_alone_own_server() {
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::own_server::ShopServer::new(true)),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_generic() {
    check(
        shop::v1::orders_server::OrdersServer::new(trait_alone::generic::OrdersServer {
            plan: (),
            physical: (),
        }),
        &ORDERS,
    )
    .await;
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::generic::OrdersServer {
            plan: (),
            physical: (),
        }),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_snapshots() {
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::snapshots::Snapshots { toc: 1.into() }),
        &SHOP,
    )
    .await;
    check(
        shop::v1::orders_server::OrdersServer::new(trait_alone::snapshots::ShardSnapshots(
            1.into(),
        )),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_extern_crate() {
    check(
        grpc_interceptor_proto::plain::bare::bare_server::BareServer::new(
            trait_alone::extern_crate::Spoken,
        ),
        &BARE,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_cfgd() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::cfgd::Cfgd), &SHOP).await;
}

#[tokio::test]
async fn trait_alone_mocked() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::mocked::Real), &SHOP).await;
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::mocked::tests::MockShop::default()),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_parent() {
    check(shop::v1::orders_server::OrdersServer::new(trait_alone::parent::child::Child), &ORDERS)
        .await;
}

#[tokio::test]
async fn trait_alone_elsewhere() {
    check(shop::v1::orders_server::OrdersServer::new(trait_alone::elsewhere::OrdersImpl), &ORDERS)
        .await;
}

#[tokio::test]
async fn trait_alone_aliased_package() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::aliased_package::Aliased), &SHOP)
        .await;
}

#[tokio::test]
async fn trait_alone_keyword() {
    check(shop::v1::shop_server::ShopServer::new(trait_alone::keyword::Typed), &SHOP).await;
}

#[tokio::test]
async fn trait_alone_alias_of_the_server() {
    check(
        shop::v1::shop_server::ShopServer::new(trait_alone::alias_of_the_server::Implementation),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn trait_alone_instrumented() {
    check(shop::v1::orders_server::OrdersServer::new(trait_alone::instrumented::Ledger), &ORDERS)
        .await;
}

#[tokio::test]
async fn trait_alone_of_a_local_name() {
    check(
        shop::v1::orders_server::OrdersServer::new(trait_alone::of_a_local_name::OfALocalName),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn trait_and_server_messages_too() {
    check(trait_and_server::messages_too::server(), &SHOP).await;
}

#[tokio::test]
async fn trait_and_server_own_server() {
    check(trait_and_server::own_server::ShopServer { stores: [].into() }.into_service(), &SHOP)
        .await;
}

#[tokio::test]
async fn trait_and_server_lines_apart() {
    check(trait_and_server::lines_apart::server(), &BARE).await;
}

#[tokio::test]
async fn trait_and_server_and_the_module() {
    check(trait_and_server::and_the_module::server(), &SHOP).await;
}

#[tokio::test]
async fn trait_and_server_tags() {
    check(trait_and_server::tags::server(String::new()), &ORDERS).await;
}

#[tokio::test]
async fn trait_and_server_wrapper() {
    check(trait_and_server::wrapper::server(std::sync::Arc::new(1_u8)), &SHOP).await;
}

#[tokio::test]
async fn trait_and_server_benches() {
    check(trait_and_server::benches::server(), &SHOP).await;
}

#[tokio::test]
async fn server_module_block_producer() {
    check(shop::v1::shop_server::ShopServer::new(server_module::block_producer::StoreApi), &SHOP)
        .await;
}

#[tokio::test]
async fn server_module_rpc_api() {
    check(shop::v1::shop_server::ShopServer::new(server_module::rpc_api::RpcService), &SHOP).await;
}

#[tokio::test]
async fn server_module_grpc_adapter() {
    check(
        shop::v1::shop_server::ShopServer::new(server_module::grpc_adapter::GrpcSearchAdapter(
            std::sync::Arc::new(()),
        )),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn server_module_slow() {
    check(shop::v1::shop_server::ShopServer::new(server_module::slow::SlowShop), &SHOP).await;
}

#[tokio::test]
async fn server_module_own_server() {
    check(shop::v1::shop_server::ShopServer::new(server_module::own_server::ShopServer), &SHOP)
        .await;
}

#[tokio::test]
async fn server_module_generic() {
    check(
        shop::v1::orders_server::OrdersServer::new(server_module::generic::BlockProducerApi {
            queue: std::sync::Arc::new(()),
        }),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn whole_path_aliased() {
    check(
        shop::v1::orders_server::OrdersServer::new(whole_path::aliased::SoftKms { config: () }),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn whole_path_ops() {
    check(shop::v1::orders_server::OrdersServer::new(whole_path::ops::OpsServiceImpl), &ORDERS)
        .await;
}

#[tokio::test]
async fn whole_path_encrypted() {
    check(
        grpc_interceptor_proto::plain::bare::bare_server::BareServer::new(
            whole_path::encrypted::Encrypted { terminal: 1 },
        ),
        &BARE,
    )
    .await;
}

#[tokio::test]
async fn whole_path_fixture() {
    check(
        shop::v1::orders_server::OrdersServer::new(whole_path::fixture::tests::FixtureWorker),
        &ORDERS,
    )
    .await;
}

#[tokio::test]
async fn whole_path_instrument() {
    check(shop::v2::shop_server::ShopServer::new(whole_path::instrument::Server::new(1)), &SHOP_V2)
        .await;
    check(
        grpc_interceptor_proto::plain::greeter::greeter_server::GreeterServer::new(
            whole_path::instrument::Server::new(1),
        ),
        &GREETER,
    )
    .await;
}

#[tokio::test]
async fn whole_path_root() {
    check(shop::v1::orders_server::OrdersServer::new(whole_path::root::Service), &ORDERS).await;
}

#[tokio::test]
async fn reexported_kv_server() {
    check(
        shop::v1::shop_server::ShopServer::new(reexported::kv_server::ShopServer::new("".into())),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn reexported_wrapper() {
    check(shop::v1::shop_server::ShopServer::new(reexported::wrapper::AuthWrapper), &SHOP).await;
}

#[tokio::test]
async fn reexported_page_service() {
    check(reexported::page_service::server(), &ORDERS).await;
}

#[tokio::test]
async fn renamed_prover() {
    check(shop::v1::orders_server::OrdersServer::new(renamed::prover::ProverRpcApi), &ORDERS).await;
}

#[tokio::test]
async fn renamed_bank_query() {
    check(shop::v1::shop_server::ShopServer::new(renamed::bank_query::Server), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(renamed::bank_query::Server), &SHOP_V2).await;
}

#[tokio::test]
async fn renamed_storage_read() {
    check(renamed::storage_read::server(), &SHOP).await;
}

#[tokio::test]
async fn globs_of_the_module() {
    check(shop::v1::shop_server::ShopServer::new(globs::of_the_module::Globbed), &SHOP).await;
}

#[tokio::test]
async fn macros_wire() {
    check(shop::v1::orders_server::OrdersServer::new(macros::wire::Wire), &ORDERS).await;
}

#[tokio::test]
async fn macros_of_a_trait() {
    check(shop::v1::orders_server::OrdersServer::new(macros::of_a_trait::AdsServer), &ORDERS).await;
}

#[tokio::test]
async fn versions_modules() {
    check(shop::v1::shop_server::ShopServer::new(versions::modules::Both), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(versions::modules::Both), &SHOP_V2).await;
}

#[tokio::test]
async fn versions_mock() {
    check(shop::v1::shop_server::ShopServer::new(versions::mock::First), &SHOP).await;
}

#[tokio::test]
async fn versions_macro_of_a_path() {
    check(shop::v1::shop_server::ShopServer::new(versions::macro_of_a_path::Both), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(versions::macro_of_a_path::Both), &SHOP_V2).await;
}

#[tokio::test]
async fn renamed_region_server() {
    check(
        shop::v1::shop_server::ShopServer::new(renamed::region_server::ShopRequestHandler),
        &SHOP,
    )
    .await;
}

#[tokio::test]
async fn versions_child() {
    check(shop::v1::shop_server::ShopServer::new(versions::child::Both), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(versions::child::Both), &SHOP_V2).await;
}

#[tokio::test]
async fn versions_old_and_new() {
    check(shop::v1::shop_server::ShopServer::new(versions::old_and_new::Both), &SHOP).await;
    check(shop::v2::shop_server::ShopServer::new(versions::old_and_new::Both), &SHOP_V2).await;
}

#[tokio::test]
async fn versions_server_of_another_version() {
    check(
        shop::v2::shop_server::ShopServer::new(versions::server_of_another_version::Second),
        &SHOP_V2,
    )
    .await;
}
