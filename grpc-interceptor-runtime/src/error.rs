//! Errors with a gRPC code, and how other errors are converted.

mod boxed;
mod code_name;
#[allow(clippy::module_inception, reason = "the type that the folder is named after")]
mod error;
mod into_status;
mod not_ok;
mod panic;

pub(crate) use boxed::BoxError;
pub use code_name::code_name;
pub use error::Error;
pub(crate) use into_status::into_item_status;
pub use into_status::{into_status, sources};
pub(crate) use not_ok::make_not_ok;
pub use not_ok::not_ok;
pub use panic::{Panicked, drop_payload, ignoring_panics};
pub(crate) use panic::{is_panic, run_in_drop};
