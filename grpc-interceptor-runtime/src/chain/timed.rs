use std::{
    future::Future,
    marker::PhantomData,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Instant,
};

use pin_project_lite::pin_project;
use tonic::{Response, Status};

use super::in_time::in_time;
use crate::{Payload, call::Timer, payload::UntilDeadline};

pin_project! {
    /// A call that ends at its deadline. If it returns a stream, the stream ends then too. Not an
    /// async block, which would make the compiler recurse deeper in a long chain.
    pub(crate) struct Timed<F, M> {
        #[pin]
        future: F,
        timer: Option<Timer>,
        deadline: Option<Instant>,
        message: PhantomData<fn() -> M>,
    }
}

impl<F, M> Timed<F, M> {
    /// Always inlined, so that the future is created in its final place.
    #[inline(always)]
    pub(crate) fn new(deadline: Option<Instant>, make: impl FnOnce() -> F) -> Self {
        let timer = Timer::new(deadline);
        Timed { future: make(), timer, deadline, message: PhantomData }
    }
}

impl<F, R, M> Future for Timed<F, M>
where
    F: Future<Output = Result<Response<R>, Status>>,
    R: Payload<M>,
    M: Send + 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The common case is separate: moving the outcome costs more than everything else here.
        let Some(deadline) = *this.deadline else { return this.future.poll(context) };
        let outcome = ready!(pin!(in_time(this.timer, this.future)).poll(context));
        Poll::Ready(
            outcome.map(|response| {
                response.map(|payload| payload.wrap_stream(UntilDeadline(deadline)))
            }),
        )
    }
}
