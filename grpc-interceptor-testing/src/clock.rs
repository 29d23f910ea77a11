use std::time::{Duration, Instant};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    time,
};

use crate::settle::settle;

const NANOSECOND: Duration = Duration::from_nanos(1);

/// Tokio's clock, paused. With it, tests of timeouts, deadlines and delays take no time.
///
/// ```
/// use grpc_interceptor::testing;
/// use std::time::Duration;
/// use tokio::time::sleep;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = testing::Clock::pause().await;
/// let mut client = testing::dummy()
///     .special_case_async("slow", |_| async {
///         sleep(Duration::from_secs(3600)).await;
///         "at last"
///     })
///     .start()
///     .await?;
/// let call = tokio::spawn(async move { client.execute("slow").await });
/// clock.advance(Duration::from_secs(3599)).await;
/// assert!(!call.is_finished());
/// clock.advance(Duration::from_secs(1)).await;
/// assert!(call.is_finished());
/// # Ok(())
/// # }
/// ```
///
/// The clock belongs to the whole runtime. Tokio's own ways to control it, such as
/// `#[tokio::test(start_paused = true)]` and `tokio::time::advance`, can be used alongside. As with
/// those, the clock also advances on its own to the next timer when every task is waiting: a test
/// that awaits a call that takes an hour gets the answer immediately.
///
/// [In memory](crate::dummy) that is exact. With sockets, tokio doesn't know that a message is in
/// transit, and the clock may advance before it arrives.
#[derive(Debug)]
#[must_use = "move the clock with `advance`"]
pub struct Clock(());

impl Clock {
    /// Pauses the clock of this runtime, unless it is already paused.
    ///
    /// Tokio's timers have a resolution of one millisecond, counted from the start of the runtime.
    /// To make them exact from here on, the clock is paused at the start of a millisecond, a few
    /// milliseconds after the call.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime, and on a multi-threaded runtime, whose clock can't be
    /// paused. `#[tokio::test]` is single-threaded by default.
    ///
    /// ```
    /// use grpc_interceptor::testing::Clock;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = Clock::pause().await;
    /// let before = tokio::time::Instant::now();
    /// std::thread::sleep(std::time::Duration::from_millis(5));
    /// assert_eq!(tokio::time::Instant::now(), before);
    /// # }
    /// ```
    pub async fn pause() -> Self {
        let runtime = match Handle::try_current() {
            Ok(runtime) => runtime,
            Err(_) => panic!("there is no tokio clock to pause: call this in a #[tokio::test]"),
        };
        assert!(
            runtime.runtime_flavor() == RuntimeFlavor::CurrentThread,
            "the clock of a runtime with several threads can't be paused: use #[tokio::test] \
             without a flavor, or with flavor = \"current_thread\""
        );
        if is_running() {
            time::pause();
            time::advance(until_next_millisecond().await).await;
        }
        Clock(())
    }

    /// Advances the clock, and lets everything run that this triggers before it returns.
    ///
    /// Timers on the way fire one after the other, each at its time, including timers that are
    /// started on the way. A fraction of a millisecond counts as a whole one, as for all of tokio's
    /// timers.
    ///
    /// With [`Duration::ZERO`], the clock doesn't move, and everything runs that is ready to run.
    ///
    /// ```
    /// use grpc_interceptor::testing::Clock;
    /// use std::time::Duration;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = Clock::pause().await;
    /// let before = Instant::now();
    /// clock.advance(Duration::from_secs(60)).await;
    /// assert_eq!(before.elapsed(), Duration::from_secs(60));
    /// # }
    /// ```
    pub async fn advance(&self, duration: Duration) {
        // While the clock is paused, this completes when everything else waits for later timers,
        // except those of the same millisecond, which may be woken along with this one.
        time::sleep(duration).await;
        settle().await;
    }
}

/// Returns the time from a paused clock to the next point at which a timer can fire.
async fn until_next_millisecond() -> Duration {
    // Tokio doesn't expose it. A sleep takes as many milliseconds as it touches, so search for the
    // longest one that takes one.
    let (mut one, mut two) = (Duration::ZERO, Duration::from_millis(1) + NANOSECOND);
    while two - one > NANOSECOND {
        let middle = (one + two) / 2;
        let before = time::Instant::now();
        time::sleep(middle).await;
        match before.elapsed().as_millis() {
            0 | 1 => one = middle,
            _ => two = middle,
        }
    }
    one
}

/// Returns whether the clock is running, which tokio doesn't expose.
fn is_running() -> bool {
    let before = time::Instant::now();
    let start = Instant::now();
    while Instant::now() == start {
        std::hint::spin_loop();
    }
    time::Instant::now() != before
}
