//! Interceptors, how they are put together, and what each gets as the rest of the chain.

mod catch_panic;
mod interceptor;
mod list;
mod next;
mod tuple;
mod when;

pub use catch_panic::{CatchPanic, OnPanic};
pub use interceptor::Interceptor;
pub use list::{AnyNext, List};
pub use next::{Next, Outcome};
pub use when::{When, when};
