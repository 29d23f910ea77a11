use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use crate::call::{Timer, deadline_exceeded, or_deadline_exceeded};

/// Runs a future until the timer, if any, fires. Then it fails with DEADLINE_EXCEEDED.
#[inline]
pub(crate) fn in_time<'a, F>(
    timer: &'a mut Option<Timer>,
    future: Pin<&'a mut F>,
) -> InTime<'a, F> {
    InTime { timer, future }
}

/// Borrows the future instead of moving it: the move would cost more than everything else here.
pub(crate) struct InTime<'a, F> {
    timer: &'a mut Option<Timer>,
    future: Pin<&'a mut F>,
}

impl<F, T> Future for InTime<'_, F>
where
    F: Future<Output = Result<T, Status>>,
{
    type Output = Result<T, Status>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let InTime { timer, future } = &mut *self;
        let polled = future.as_mut().poll(context);
        let Some(timer) = timer else { return polled };
        match polled {
            Poll::Pending if timer.is_over(context) => Poll::Ready(Err(deadline_exceeded())),
            Poll::Ready(Err(status)) => {
                Poll::Ready(Err(or_deadline_exceeded(status, timer.deadline())))
            }
            polled => polled,
        }
    }
}
