//! The state and the records shared by everything that takes part in a case.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tonic::metadata::{MetadataMap, MetadataValue};

use crate::{
    case::Case,
    place::Place,
    planned::{DROPPED, PLANNED, Planned},
};

/// The metadata key that marks the calls that a case tests.
const MARK: &str = "panics";

#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) case: Case,
    /// The panics.
    pub(crate) raised: Log,
    /// The reports to `on_panic`.
    pub(crate) told: Log,
    /// The handler waits to be dropped.
    pub(crate) waiting: Arc<Notify>,
}

impl Plan {
    pub(crate) fn new(case: Case) -> Self {
        let (raised, told) = (Log::default(), Log::default());
        Plan { case, raised, told, waiting: Arc::default() }
    }

    pub(crate) fn place(&self) -> Place {
        self.case.place
    }

    pub(crate) fn mark(metadata: &mut MetadataMap) {
        metadata.insert(MARK, MetadataValue::from_static("yes"));
    }

    /// The plan for a call. Calls without the mark succeed.
    pub(crate) fn of(&self, metadata: &MetadataMap) -> Self {
        let mut plan = self.clone();
        if !metadata.contains_key(MARK) {
            plan.case.place = Place::Nowhere;
        }
        plan
    }

    pub(crate) fn raise(&self) -> ! {
        self.raise_with(PLANNED)
    }

    pub(crate) fn raise_with(&self, text: &'static str) -> ! {
        self.raised.add(text);
        Planned::raise(text, self.case.armed)
    }

    pub(crate) fn raise_at(&self, place: Place) {
        if self.place() == place {
            self.raise();
        }
    }

    pub(crate) fn raise_on_drop(&self) -> DropGuard {
        DropGuard(self.clone())
    }
}

/// Panics when it is dropped.
pub(crate) struct DropGuard(Plan);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.raise_with(DROPPED);
    }
}

/// What happened, with a way to wait for it.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<watch::Sender<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, text: impl Into<String>) {
        self.0.send_modify(|entries| entries.push(text.into()));
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) async fn has(&self, count: usize) {
        let mut changes = self.0.subscribe();
        // This only fails if the sender is gone.
        let _ = changes.wait_for(|entries| entries.len() >= count).await;
    }
}
