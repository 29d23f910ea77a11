use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;
use tonic::Status;

use crate::call::{Timer, deadline_exceeded, or_deadline_exceeded};

pin_project! {
    /// A future that is DEADLINE_EXCEEDED at a deadline, if there is one.
    pub(crate) struct InTime<F> {
        timer: Option<Timer>,
        #[pin]
        future: F,
    }
}

impl<F> InTime<F> {
    #[inline(always)]
    pub(crate) fn new(deadline: Option<Instant>, future: F) -> Self {
        InTime { timer: Timer::new(deadline), future }
    }
}

impl<F, T> Future for InTime<F>
where
    F: Future<Output = Result<T, Status>>,
{
    type Output = Result<T, Status>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.future.poll(context);
        let Some(timer) = this.timer else { return polled };
        match polled {
            Poll::Pending if timer.is_over(context) => Poll::Ready(Err(deadline_exceeded())),
            Poll::Ready(Err(status)) => {
                Poll::Ready(Err(or_deadline_exceeded(status, timer.deadline())))
            }
            polled => polled,
        }
    }
}
