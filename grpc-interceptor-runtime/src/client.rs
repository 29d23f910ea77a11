//! Run-time support for `#[intercepted]` on a generated client.

mod call;
mod codec;
mod intercepted_grpc;
mod interceptors_for;
mod method;
mod shared;
mod to_caller;
mod transport;

pub use call::{Call, bidirectional, client_streaming, server_streaming, unary};
pub use intercepted_grpc::InterceptedGrpc;
pub use interceptors_for::AsyncFnsHaveInterceptorAboveThem;
pub use method::{GrpcClient, Method, method_name_of};
pub use transport::{CloneTransport, Transport};
