//! The imports that all files share.

pub use std::pin::Pin;

pub use grpc_interceptor::intercepted;
pub use tokio_stream::Stream;
pub use tonic::{Request, Response, Status};

pub use crate::pb::shop::v1::{Item, ItemRequest, orders_server::*, shop_server::Shop};
