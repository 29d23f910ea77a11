use std::{
    pin::{Pin, pin},
    task::Context,
    time::Instant,
};

use tokio::{runtime::Handle, task::unconstrained, time::Sleep};

/// Fires at a deadline. Boxed, because it is larger than most of the futures around it.
pub(crate) struct Timer {
    deadline: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// `None` without a deadline. Also `None` outside a tokio runtime: there only the server enforces the
    /// deadline.
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

    /// Returns whether the deadline has passed. If it hasn't, the task is woken when it does.
    pub(crate) fn is_over(&mut self, task: &mut Context<'_>) -> bool {
        // The timed future may have used up the task's tokio coop budget. The timer would then
        // never report that it has fired.
        pin!(unconstrained(self.sleep.as_mut())).poll(task).is_ready()
    }
}
