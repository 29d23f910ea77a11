//! What happens when a call's time is over.

use std::{
    pin::Pin,
    sync::Arc,
    task::Context as TaskContext,
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, time::Sleep};
use tonic::{Code, Request, Status};

use super::{
    clock::{TICK, now},
    context::Context,
    kind::Side,
    timeout::timeout_of,
};

/// How a client's call ends when its time is over.
pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the deadline has passed")
}

/// Tonic says CANCELLED when a timeout of its own fires, on either side. At the deadline that is
/// DEADLINE_EXCEEDED. Tonic's timer may go off a moment before ours does.
pub(crate) fn or_deadline_exceeded(status: Status, deadline: Instant) -> Status {
    if status.code() != Code::Cancelled || now() + 2 * TICK < deadline {
        return status;
    }
    let mut exceeded = deadline_exceeded();
    exceeded.set_source(Arc::new(status));
    exceeded
}

/// Tells the server how long the client still waits. If nothing is left, nothing is sent.
///
/// A timeout that is there is left as it is if it says so already, to the millisecond: interceptors
/// that take no time change nothing.
pub(crate) fn tell_time_remaining<P>(
    request: &mut Request<P>,
    remaining: Duration,
) -> Result<(), Status> {
    if remaining.is_zero() {
        return Err(deadline_exceeded());
    }
    if timeout_of(request.metadata()).is_none_or(|timeout| timeout > remaining + TICK) {
        request.set_timeout(remaining);
    }
    Ok(())
}

/// Goes off at a deadline. In a box: it is larger than most futures that are around it.
pub(crate) struct Timer {
    deadline: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// None without a deadline. Nor without a tokio runtime, as on a client in a browser: then the
    /// server alone looks after the deadline.
    #[inline]
    pub(crate) fn new(deadline: Option<Instant>) -> Option<Self> {
        deadline.and_then(Self::at)
    }

    fn at(deadline: Instant) -> Option<Self> {
        Handle::try_current().ok()?;
        let sleep = Box::pin(tokio::time::sleep_until(deadline.into()));
        Some(Timer { deadline, sleep })
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline has passed. If not, the task is woken when it has.
    pub(crate) fn is_over(&mut self, task: &mut TaskContext<'_>) -> bool {
        self.sleep.as_mut().poll(task).is_ready()
    }
}

impl Context {
    /// Whether a call that started then and was dropped just now is out of time.
    ///
    /// A caller's clock starts before the server's, by as long as the request is on its way: its
    /// reset arrives a little before the server's own deadline. So on a server the last twentieth of
    /// the time counts as its end: at least 10 ms, for a connection that is made or a request that
    /// waits for others, and at most a second, for who really cancels shortly before the end. Of a
    /// very short time it is the second half. On a client there is but one clock, with its ticks.
    pub(crate) fn is_out_of_time(&self, start: Instant) -> bool {
        let Some(deadline) = self.deadline() else { return false };
        let slack = match self.side() {
            Side::Client => TICK,
            Side::Server => {
                let whole = deadline.saturating_duration_since(start);
                let slack = (whole / 20).clamp(Duration::from_millis(10), Duration::from_secs(1));
                slack.min(whole / 2)
            }
        };
        now() + slack >= deadline
    }
}
