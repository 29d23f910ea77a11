//! Information about a call: its name, its kind, its deadline, and how it ended.

mod carried;
mod clock;
mod context;
mod deadline;
mod end;
mod kind;
mod method_name;
mod out_of_time;
mod scope;
mod timeout;
mod timer;

pub use carried::deadline_to_carry;
pub use clock::now;
pub use context::{Context, RpcInfo, new_context};
pub(crate) use deadline::{
    deadline_exceeded, is_deadline_passed, or_deadline_exceeded, tell_time_remaining,
};
pub use end::{CallEnd, EndCause};
pub use kind::{RpcKind, Side};
pub use method_name::{InvalidMethodName, MethodName};
pub use scope::Scope;
pub(crate) use scope::{Enter, poll_inside};
pub(crate) use timeout::GRPC_TIMEOUT;
pub(crate) use timer::Timer;
