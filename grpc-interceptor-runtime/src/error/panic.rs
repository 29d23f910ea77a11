//! Handles panics that were caught.

use std::{
    any::Any,
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tonic::Status;

use super::into_status::sources;

/// The [source](StdError::source) of a status that a panic was turned into.
///
/// [`CatchPanic`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.CatchPanic.html)
/// sets it. It tells outer interceptors about the panic, which the code INTERNAL doesn't. It isn't
/// sent to the client.
///
/// ```
/// use grpc_interceptor::Panicked;
/// use std::{error::Error, sync::Arc};
/// use tonic::Status;
///
/// let mut status = Status::internal("Internal error");
/// status.set_source(Arc::new(Panicked));
/// assert!(status.source().is_some_and(|source| source.is::<Panicked>()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("it panicked")
    }
}

impl StdError for Panicked {}

/// Returns whether this status was made from a panic.
pub(crate) fn is_panic(status: &Status) -> bool {
    status.source().is_some_and(|source| sources(source).any(|source| source.is::<Panicked>()))
}

/// Runs a user's closure in a destructor. A panic that escapes a destructor during unwinding aborts
/// the process, so it is caught in that case. The panic hook has reported it by then.
pub(crate) fn run_in_drop(run: impl FnOnce()) {
    if thread::panicking() { ignoring_panics(run) } else { run() }
}

/// Runs code whose panics no longer matter.
pub fn ignoring_panics(run: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
        drop_payload(payload);
    }
}

/// Drops a panic's payload, whose destructor may panic too. The payload of that second panic is
/// leaked, since dropping it could panic again, endlessly.
pub fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
