//! What happens when a call's deadline passes.

use std::{
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tonic::{Code, Request, Status, metadata::MetadataMap};

use super::{
    clock::{TICK, now},
    timeout::timeout_of,
};
use crate::error::sources;

/// The longest timeout that `grpc-timeout` can express: eight digits of hours.
const LONGEST: Duration = Duration::from_secs(99_999_999 * 60 * 60);

/// The source of a status for a deadline that passed in this process. It tells an observer outside
/// the interceptor that set the deadline that the call timed out.
#[derive(Debug)]
struct DeadlinePassed(Option<Status>);

impl fmt::Display for DeadlinePassed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the deadline has passed")
    }
}

impl StdError for DeadlinePassed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.as_ref().map(|status| status as _)
    }
}

/// Returns whether this status is for a deadline that passed in this process, not on another
/// machine.
pub(crate) fn is_deadline_passed(status: &Status) -> bool {
    status
        .source()
        .is_some_and(|source| sources(source).any(|source| source.is::<DeadlinePassed>()))
}

/// Returns the status of a call whose deadline has passed.
pub(crate) fn deadline_exceeded() -> Status {
    because(DeadlinePassed(None))
}

/// Converts tonic's CANCELLED to DEADLINE_EXCEEDED at the deadline. Tonic returns CANCELLED when
/// its own timeout fires, on either side, and its timer can fire a moment before ours.
pub(crate) fn or_deadline_exceeded(status: Status, deadline: Instant) -> Status {
    if status.code() != Code::Cancelled || now() + 2 * TICK < deadline {
        return status;
    }
    because(DeadlinePassed(Some(status)))
}

fn because(source: DeadlinePassed) -> Status {
    let mut status = Status::deadline_exceeded(source.to_string());
    status.set_source(Arc::new(source));
    status
}

/// Sends the server the time that the client will still wait. If no time is left, sends nothing.
pub(crate) fn tell_time_remaining<P>(
    request: &mut Request<P>,
    remaining: Duration,
) -> Result<(), Status> {
    if remaining.is_zero() {
        return Err(deadline_exceeded());
    }
    if has_to_be_told(request.metadata(), remaining) {
        request.set_timeout(remaining);
    }
    Ok(())
}

/// Returns whether the timeout has to be set. An existing timeout that is right to the millisecond
/// is left as it is, so interceptors that take no time change nothing.
fn has_to_be_told(metadata: &MetadataMap, remaining: Duration) -> bool {
    remaining <= LONGEST && timeout_of(metadata).is_none_or(|timeout| timeout > remaining + TICK)
}
