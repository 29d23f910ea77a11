use std::{
    any::Any,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
};

use tonic::Status;

use crate::error::drop_payload;

/// The error or panic of a request stream. It takes precedence over any other status of the call,
/// because the server sees only that the client cancelled.
///
/// Tonic reads a request stream in a separate task, where a panic would go unnoticed.
#[derive(Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<Failed>>>);

enum Failed {
    Status(Status),
    Panic(Panic),
}

impl Failure {
    /// Takes the status, if there is one. Resumes a panic in the task that awaits the call.
    pub(crate) fn take(&self) -> Option<Status> {
        // Release the lock first: resuming may panic.
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map(|failed| match failed {
            Failed::Status(status) => status,
            Failed::Panic(panic) => panic.resume(),
        })
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.set(Failed::Status(status));
    }

    pub(crate) fn set_panic(&self, payload: Box<dyn Any + Send>) {
        self.set(Failed::Panic(Panic(Some(payload))));
    }

    /// Keeps the first failure, since any later one results from the panic.
    fn set(&self, failed: Failed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
    }
}

/// The payload of a panic, until the panic is resumed.
struct Panic(Option<Box<dyn Any + Send>>);

impl Panic {
    fn resume(mut self) -> ! {
        let payload = self.0.take().expect("present until dropped");
        resume_unwind(payload)
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            drop_payload(payload);
        }
    }
}
