use std::time::{Duration, Instant};

/// How exact tokio's timers are.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// The time by tokio's clock, so that a test may pause and advance it.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
