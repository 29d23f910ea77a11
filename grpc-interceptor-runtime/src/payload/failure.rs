use std::{
    any::Any,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
};

use tonic::Status;

use crate::error::drop_payload;

/// What a request stream failed with. It comes before any other status that the call may have: the
/// server sees no more than that the client gave the call up.
///
/// Tonic reads a request stream in a task of its own, where nobody would hear of a panic.
#[derive(Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<Failed>>>);

enum Failed {
    Status(Status),
    Panic(Panic),
}

impl Failure {
    /// The status, if there is one. Called where the call is waited for: a panic goes on there.
    pub(crate) fn take(&self) -> Option<Status> {
        // Not while it is locked: what it is asked for may panic.
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

    /// The first one counts: what follows a panic is made of it.
    fn set(&self, failed: Failed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
    }
}

/// What a panic was raised with, until it goes on.
struct Panic(Option<Box<dyn Any + Send>>);

impl Panic {
    fn resume(mut self) -> ! {
        let payload = self.0.take().expect("it is there until this is dropped");
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
