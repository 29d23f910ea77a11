use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::Status;

use super::{failure::Failure, message_stream::MessageStream};
use crate::error::ignoring_panics;

/// A request stream that turns a panic into an error and records it. In the task that reads the
/// stream, the panic would go unnoticed and would close the connection.
pub(crate) struct Guarded<M> {
    /// Present until the stream has ended.
    messages: Option<MessageStream<M>>,
    failure: Failure,
}

impl<M: Send + 'static> Guarded<M> {
    pub(crate) fn new(messages: MessageStream<M>, failure: Failure) -> Self {
        Guarded { messages: Some(messages.in_its_scopes()), failure }
    }
}

impl<M: Send + 'static> Stream for Guarded<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Guarded { messages, failure } = &mut *self;
        let Some(messages) = messages else { return Poll::Ready(None) };
        let poll = AssertUnwindSafe(|| messages.poll_inside(context));
        let polled = catch_unwind(poll).unwrap_or_else(|payload| {
            failure.set_panic(payload);
            Poll::Ready(Some(Err(Status::cancelled("the request stream panicked"))))
        });
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.drop_messages();
        }
        polled
    }
}

impl<M> Guarded<M> {
    /// A panic in here makes no difference to the call: either its requests were complete, or it
    /// has already failed.
    fn drop_messages(&mut self) {
        ignoring_panics(|| drop(self.messages.take()));
    }
}

impl<M> Drop for Guarded<M> {
    fn drop(&mut self) {
        self.drop_messages();
    }
}

/// A [`Guarded`] stream that also records its error.
pub(crate) struct Noted<M> {
    messages: Guarded<M>,
    failure: Failure,
}

impl<M: Send + 'static> Noted<M> {
    pub(crate) fn new(messages: MessageStream<M>, failure: &Failure) -> Self {
        Noted { messages: Guarded::new(messages, failure.clone()), failure: failure.clone() }
    }
}

impl<M: Send + 'static> Stream for Noted<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.messages).poll_next(context);
        if let Poll::Ready(Some(Err(status))) = &polled {
            self.failure.set_status(status.clone());
        }
        polled
    }
}
