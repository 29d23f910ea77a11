//! A deadline that an interceptor chose, on its way from the interceptors that a server has at its
//! creation to those of the service in it: tonic's trait, which is between them, knows of no context.

use std::time::Instant;

use tonic::{Extensions, metadata::MetadataMap};

use super::{clock::TICK, context::Context, timeout::deadline_in};

/// The deadline, in a request's extensions.
#[derive(Clone, Copy)]
pub struct Carried(Instant);

/// The deadline to carry, if there is one. The metadata alone would give none, or, counted from now, one
/// that is later by a millisecond or more.
#[must_use]
pub fn deadline_to_carry(context: Context, metadata: &MetadataMap) -> Option<Carried> {
    let deadline = context.deadline()?;
    let is_later = |by_metadata: Instant| by_metadata.saturating_duration_since(deadline) >= TICK;
    deadline_in(metadata).is_none_or(is_later).then_some(Carried(deadline))
}

impl Context {
    /// The same with the deadline that was carried to here, if any.
    pub(crate) fn with_carried(self, extensions: &Extensions) -> Self {
        extensions.get().map_or(self, |Carried(deadline)| self.with_deadline(*deadline))
    }
}
