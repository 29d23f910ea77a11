use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use tonic::Status;

use super::{
    message_stream::MessageStream,
    source::{Again, Source},
    trailers::Trailers,
    wrap::WrapStream,
};
use crate::call::{Timer, deadline_exceeded, now, or_deadline_exceeded};

impl<M: Send + 'static> MessageStream<M> {
    /// Ends the stream with DEADLINE_EXCEEDED at the deadline.
    pub(crate) fn in_time(self, deadline: Option<Instant>) -> Self {
        match Timer::new(deadline) {
            Some(timer) => self.wrap(|source| InTime { source, timer, source_failed: false }),
            None => self,
        }
    }
}

/// Does the same for a payload in a layer.
pub(crate) struct UntilDeadline(pub(crate) Instant);

impl WrapStream for UntilDeadline {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.in_time(Some(self.0))
    }
}

struct InTime<M> {
    source: Pin<Box<dyn Source<M>>>,
    timer: Timer,
    /// Whether the error that ended the stream came from the source.
    source_failed: bool,
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
            // If the stream always had a message ready, the timer would never be polled.
            Poll::Ready(Some(Ok(_))) if self.timer.deadline() <= now() => {
                Poll::Ready(Some(Err(deadline_exceeded())))
            }
            Poll::Ready(Some(Err(status))) => {
                self.source_failed = true;
                Poll::Ready(Some(Err(or_deadline_exceeded(status, self.timer.deadline()))))
            }
            polled => polled,
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.source.as_mut().trailers()
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        if self.source_failed { self.source.as_mut().error_again() } else { None }
    }
}
