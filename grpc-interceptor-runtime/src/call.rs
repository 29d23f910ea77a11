//! What is known of a call: its name, its kind, its deadline.

mod context;
mod method_name;

pub use context::{Context, RpcKind, Side};
pub use method_name::{InvalidMethodName, MethodName};
