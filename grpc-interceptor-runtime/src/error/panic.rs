//! What to do with a panic that was caught.

use std::{
    any::Any,
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tonic::Status;

use super::into_status::sources;

/// The [source](StdError::source) of a status that was made of a panic, as
/// [`CatchPanic`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.CatchPanic.html)
/// makes it. It tells interceptors further out what the code INTERNAL doesn't; it isn't sent.
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

/// Whether this status was made of a panic.
pub(crate) fn is_panic(status: &Status) -> bool {
    status.source().is_some_and(|source| sources(source).any(|source| source.is::<Panicked>()))
}

/// Runs a closure of the user's in a destructor. A panic that leaves a destructor while another one
/// unwinds ends the process, so then it is caught here; the panic hook has told of it.
pub(crate) fn run_in_drop(run: impl FnOnce()) {
    if thread::panicking() { ignoring_panics(run) } else { run() }
}

/// Runs what may panic when that makes no difference any more.
pub fn ignoring_panics(run: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
        drop_payload(payload);
    }
}

/// Drops what a panic was raised with, whose own destructor may panic: what that is raised with is
/// leaked, as it may go on like this.
pub fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
