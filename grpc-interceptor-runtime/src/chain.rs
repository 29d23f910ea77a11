//! Interceptors, how they are combined, and the `next` that each one gets.

mod detach;
mod in_scope;
mod in_time;
mod interceptor;
mod list;
mod next;
mod observation;
mod observe;
mod observed;
mod observing;
mod run;
mod scoped;
mod timed;
mod tuple;
mod when;

pub use detach::{Detach, Detached};
pub use in_scope::InScope;
pub(crate) use in_time::in_time;
pub use interceptor::Interceptor;
pub use list::{AnyNext, List};
pub use next::{Next, Outcome, Sealed};
pub use observation::{ObservedCall, OnEnd};
pub use observe::{Observe, Observer, OnCallEnd, observe, on_call_end};
pub use observed::Observed;
pub(crate) use timed::Timed;
pub use when::{When, except, except_services, only, services, when};
