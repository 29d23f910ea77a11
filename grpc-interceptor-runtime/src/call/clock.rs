use std::time::Instant;

/// The time by tokio's clock, so that a test may pause and advance it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
