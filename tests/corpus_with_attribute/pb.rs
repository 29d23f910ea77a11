//! The generated code by package, with the attribute.

pub mod shop {
    pub mod v1 {
        pub use grpc_interceptor_proto::shop::v1::*;
    }
    pub mod v2 {
        pub use grpc_interceptor_proto::shop::v2::*;
    }
}

pub mod greeter {
    pub mod v1 {
        pub use grpc_interceptor_proto::greeter::*;
    }
}

/// A package whose name is a keyword.
pub mod r#type {
    pub use super::shop::v1::*;
}

pub use grpc_interceptor_proto::bare::Word;
pub use grpc_interceptor_proto::bare::bare_server;
