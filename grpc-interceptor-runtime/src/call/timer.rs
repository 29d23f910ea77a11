use std::{
    pin::{Pin, pin},
    task::Context,
    time::Instant,
};

use tokio::{runtime::Handle, task::unconstrained, time::Sleep};

/// Goes off at a deadline. In a box: it is larger than most futures that are around it.
pub(crate) struct Timer {
    deadline: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// None without a deadline. Nor without a tokio runtime, such as on a client in a browser: then the
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
    pub(crate) fn is_over(&mut self, task: &mut Context<'_>) -> bool {
        // What is timed may have used up what tokio lets a task do at once. The timer would then never
        // say that it is over.
        pin!(unconstrained(self.sleep.as_mut())).poll(task).is_ready()
    }
}
