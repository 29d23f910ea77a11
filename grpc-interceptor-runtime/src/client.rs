//! What `#[intercepted]` on a generated client needs at run time.

mod call;
mod codec;
mod intercepted;
mod method;

pub use call::{Call, bidirectional, client_streaming, server_streaming, unary};
pub use intercepted::Intercepted;
pub use method::{GrpcClient, Method, Transport, method_name_of};
