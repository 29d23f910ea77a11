use std::time::{Duration, Instant};

use super::{
    clock::{TICK, now},
    context::Context,
    kind::Side,
};

impl Context {
    /// Returns whether a call that started at `start` and was just dropped has timed out.
    ///
    /// A caller's clock starts before the server's, by the time the request takes to arrive, so its
    /// reset arrives slightly before the server's own deadline. On a server, the last twentieth of
    /// the time therefore counts as its end: at least 10 ms, to allow for a new connection or a
    /// queued request, and at most a second, so that a real cancellation shortly before the end is
    /// recognized. For a very short timeout it is the second half. A client has only one clock, so
    /// the slack is that clock's tick.
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
