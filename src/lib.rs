//! placeholder

#![warn(missing_docs)]
pub use grpc_interceptor_macros::intercepted;
pub use grpc_interceptor_runtime::{
    Context, Interceptor, InvalidMethodName, MessageStream, MethodName, Next, Outcome, Payload,
    RpcKind, Side, StreamEnd,
};

#[doc(hidden)]
pub use grpc_interceptor_runtime::__private;
