//! The generated code by package, without the attribute.

pub mod shop {
    pub mod v1 {
        pub use grpc_interceptor_proto::plain::shop::v1::*;
        pub use grpc_interceptor_proto::shop::v1::{Item, ItemRequest};
    }
    pub mod v2 {
        pub use grpc_interceptor_proto::plain::shop::v2::*;
        pub use grpc_interceptor_proto::shop::v2::Item;
    }
}

pub mod greeter {
    pub mod v1 {
        pub use grpc_interceptor_proto::greeter::{
            GreetManyTimesRequest, HelloReply, HelloRequest,
        };
        pub use grpc_interceptor_proto::plain::greeter::*;
    }
}

/// A package whose name is a keyword.
pub mod r#type {
    pub use super::shop::v1::*;
}

pub use grpc_interceptor_proto::bare::Word;
pub use grpc_interceptor_proto::plain::bare::bare_server;
