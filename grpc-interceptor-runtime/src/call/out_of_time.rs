use std::time::{Duration, Instant};

use super::{
    clock::{TICK, now},
    context::Context,
    kind::Side,
};

impl Context {
    /// Whether a call that started then and was dropped just now is out of time.
    ///
    /// A caller's clock starts before the server's, by as long as the request is on its way: its
    /// reset arrives a little before the server's own deadline. So on a server the last twentieth of
    /// the time counts as its end: at least 10 ms, for a connection that is made or a request that
    /// waits for others, and at most a second, for who really cancels shortly before the end. Of a
    /// very short time it is the second half. On a client there is one clock only, with its ticks.
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
