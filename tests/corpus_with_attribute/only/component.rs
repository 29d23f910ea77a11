//! The parent imports the trait, its child in another file all that the parent has.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, orders_server::Orders};

pub mod stub;
