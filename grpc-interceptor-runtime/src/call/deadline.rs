//! What happens when a call's time is over.

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

/// The longest time that `grpc-timeout` can say: eight digits of hours.
const LONGEST: Duration = Duration::from_secs(99_999_999 * 60 * 60);

/// The source of a status that says that a deadline passed here. An observer outside of who set the
/// deadline knows by it that the call is out of time.
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

/// Whether this status says that a deadline passed here, not on another machine.
pub(crate) fn is_deadline_passed(status: &Status) -> bool {
    status
        .source()
        .is_some_and(|source| sources(source).any(|source| source.is::<DeadlinePassed>()))
}

/// How a call ends when its time is over.
pub(crate) fn deadline_exceeded() -> Status {
    because(DeadlinePassed(None))
}

/// Tonic says CANCELLED when a timeout of its own fires, on either side. At the deadline that is
/// DEADLINE_EXCEEDED. Tonic's timer may go off a moment before ours does.
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

/// Tells the server how long the client still waits. If nothing is left, nothing is sent.
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

/// A timeout that is there is left as it is if it says so already, to the millisecond: interceptors
/// that take no time change nothing.
fn has_to_be_told(metadata: &MetadataMap, remaining: Duration) -> bool {
    remaining <= LONGEST && timeout_of(metadata).is_none_or(|timeout| timeout > remaining + TICK)
}
