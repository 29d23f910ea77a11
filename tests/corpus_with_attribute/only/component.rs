//! The parent imports the trait, and its child in another file imports everything from the parent.

use grpc_interceptor::intercepted;
use tonic::{Request, Response, Status};

use crate::pb::shop::v1::{Item, orders_server::Orders};

pub mod stub;
