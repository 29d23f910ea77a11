//! Interceptors that are ready to be put into a chain.
//!
//! They are written as any other, so they may be read as examples, too.

mod catch_panic;
mod error_to_status;
mod list;
mod when;

pub use catch_panic::{CatchPanic, OnPanic};
pub use error_to_status::{ErrorToStatus, MapError, UnknownDetails};
pub(crate) use list::Erase;
pub use list::{AnyMessage, AnyNext, AnyPayload, List};
pub use when::{When, when};
