use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::{message_stream::MessageStream, source::Source, trailers::Trailers};
use crate::call::{Timer, deadline_exceeded, or_deadline_exceeded};

impl<M: Send + 'static> MessageStream<M> {
    /// Ends with DEADLINE_EXCEEDED when the timer goes off.
    pub(crate) fn in_time(self, timer: Option<Timer>) -> Self {
        match timer {
            Some(timer) => {
                let (source, trailers) = self.into_parts();
                Self::from_source(InTime { source, trailers, timer })
            }
            None => self,
        }
    }
}

struct InTime<M> {
    source: Pin<Box<dyn Source<M>>>,
    trailers: Option<Trailers>,
    timer: Timer,
}

impl<M: Send + 'static> Source<M> for InTime<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        match self.source.as_mut().poll_item(context) {
            Poll::Pending if self.timer.is_over(context) => {
                Poll::Ready(Some(Err(deadline_exceeded())))
            }
            Poll::Ready(Some(Err(status))) => {
                Poll::Ready(Some(Err(or_deadline_exceeded(status, self.timer.deadline()))))
            }
            polled => polled,
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.source.as_mut().trailers().or_else(|| self.trailers.take())
    }
}
