use std::time::{Duration, Instant};

/// The resolution of tokio's timers.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// Returns the time on tokio's clock, so that a test can pause and advance it.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
