use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use grpc_interceptor_runtime::{CallEnd, ObservedCall};

use super::{in_flight::Claim, method::Handle, nanos::nanos};

/// A call that the page shows.
pub(super) struct Call {
    handle: Arc<Handle>,
    start: Instant,
    /// The same, in nanoseconds since the page was created.
    start_nanos: u64,
    /// Its slot in the list of calls in flight, packed.
    claim: AtomicU64,
}

impl Call {
    pub(super) fn new(
        handle: Arc<Handle>,
        start: Instant,
        start_nanos: u64,
        claim: Option<Claim>,
    ) -> Self {
        Call { handle, start, start_nanos, claim: AtomicU64::new(Claim::pack(claim)) }
    }

    fn claim(&self) -> Option<Claim> {
        Claim::unpack(self.claim.load(Ordering::Relaxed))
    }

    fn request(&self) {
        self.handle.counters().request();
        if let Some(claim) = self.claim() {
            self.handle.in_flight.request(claim);
        }
    }

    fn response(&self) {
        self.handle.counters().response();
        if let Some(claim) = self.claim() {
            self.handle.in_flight.response(claim);
        }
    }

    fn over(&self, end: &CallEnd<'_>) {
        let claim = self.claim();
        // The end is reported only once, so there is no other writer.
        self.claim.store(Claim::pack(None), Ordering::Relaxed);
        let now = self.start_nanos.saturating_add(nanos(end.elapsed()));
        self.handle.end(now, end, claim);
    }
}

impl<Q, P> ObservedCall<Q, P> for Call {
    const LOOKS_AT_MESSAGES: bool = false;

    fn start(&self) -> Option<Instant> {
        Some(self.start)
    }

    fn request_passed(&self) {
        self.request();
    }

    fn response_passed(&self) {
        self.response();
    }

    fn end(&self, end: &CallEnd<'_>) {
        self.over(end);
    }
}
