//! Everything that the rest of the crate needs from the generated code, under short names.

pub(crate) use self::proto::shop::v1::orders_server::Orders;
pub use self::proto::shop::v1::{
    Item, ItemRequest,
    shop_server::{Shop, ShopServer},
};

mod proto {
    pub(crate) use crate::pb::shop;
}

/// For the server's main fn.
pub(crate) mod servers {
    pub(crate) use super::proto::shop::v1::orders_server::OrdersServer;
}

/// The second version, for a file that has its own names for the trait and the server.
pub mod second {
    pub use self::shop_server::{Shop as Service, ShopServer as Server};
    pub use crate::pb::shop::v2::*;
}
