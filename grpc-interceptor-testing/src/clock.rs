use std::time::{Duration, Instant};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    time,
};

use crate::settle::settle;

const NANOSECOND: Duration = Duration::from_nanos(1);

/// Tokio's clock, standing still: for tests of timeouts, deadlines and pauses that take no time.
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
/// It is the clock of the whole runtime. Tokio's own ways to use it, such as
/// `#[tokio::test(start_paused = true)]` and `tokio::time::advance`, can be mixed with this. As with
/// those, the clock also moves by itself to the next timer when every task waits: a test that awaits
/// a call that takes an hour has the answer at once.
///
/// [In memory](crate::dummy) that is exact. With sockets tokio doesn't know that a message is on its
/// way, and the clock may move before it has come.
#[derive(Debug)]
#[must_use = "the clock is moved by `advance`"]
pub struct Clock(());

impl Clock {
    /// Stops the clock of this runtime, if it doesn't stand still already.
    ///
    /// Tokio's timers know whole milliseconds, from when the runtime began. So that they are exact
    /// from here on, the clock stops at the beginning of one, some milliseconds after the call.
    ///
    /// # Panics
    ///
    /// If there is no tokio runtime, or one with several threads, whose clock can't be stopped.
    /// `#[tokio::test]` has one thread unless told otherwise.
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
            Err(_) => panic!("there is no clock to pause here: call it in a #[tokio::test]"),
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

    /// Moves the clock, and lets everything run that this sets off, before it returns.
    ///
    /// Timers on the way go off one after the other, each at its time, those that are started on the
    /// way as well. A part of a millisecond counts as a whole one, as for all of tokio's timers.
    ///
    /// By [`Duration::ZERO`] it stays, and everything runs that can run now.
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
        // While the clock stands still, this is over when everything else waits for later timers:
        // all but those of the same millisecond, which may have been woken along with this.
        time::sleep(duration).await;
        settle().await;
    }
}

/// How long a clock that stands still is away from where a timer would go off.
async fn until_next_millisecond() -> Duration {
    // Tokio doesn't tell: a sleep takes as many milliseconds as it touches, so this looks for the
    // longest that takes one.
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

/// Tokio doesn't tell.
fn is_running() -> bool {
    let before = time::Instant::now();
    let start = Instant::now();
    while Instant::now() == start {
        std::hint::spin_loop();
    }
    time::Instant::now() != before
}
