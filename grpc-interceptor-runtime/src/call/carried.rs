//! Carries a deadline set by a `with_interceptors` interceptor to the interceptors on the service's
//! impl. Tonic's trait, which lies between the two, has no context parameter.

use std::time::Instant;

use tonic::{Extensions, metadata::MetadataMap};

use super::{clock::TICK, context::Context, timeout::deadline_in};

/// A deadline, stored in a request's extensions.
#[derive(Clone, Copy)]
pub struct Carried(Instant);

/// Returns the deadline to carry, if one is needed. The metadata alone would yield none or, counted
/// from now, a deadline that is a millisecond or more later.
#[must_use]
pub fn deadline_to_carry(context: Context, metadata: &MetadataMap) -> Option<Carried> {
    let deadline = context.deadline()?;
    let is_later = |by_metadata: Instant| by_metadata.saturating_duration_since(deadline) >= TICK;
    deadline_in(metadata).is_none_or(is_later).then_some(Carried(deadline))
}

impl Context {
    /// Returns this context with the carried deadline, if there is one.
    pub(crate) fn with_carried(self, extensions: &Extensions) -> Self {
        extensions.get().map_or(self, |Carried(deadline)| self.with_deadline(*deadline))
    }
}
