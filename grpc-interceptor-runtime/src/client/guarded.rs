use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::Status;

use super::failure::Failure;
use crate::{MessageStream, error::drop_payload};

/// A request stream that ends with an error where it panics, and notes the panic.
pub(super) struct Guarded<M> {
    /// There until it has panicked.
    messages: Option<MessageStream<M>>,
    /// `None` if nobody put anything around the stream: then it is as tonic has it.
    failure: Option<Failure>,
}

impl<M: Send + 'static> Guarded<M> {
    pub(super) fn new(messages: MessageStream<M>, failure: Option<Failure>) -> Self {
        Guarded { messages: Some(messages), failure }
    }
}

impl<M: Send + 'static> Stream for Guarded<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Guarded { messages, failure } = &mut *self;
        let Some(stream) = messages else { return Poll::Ready(None) };
        let Some(failure) = failure else { return Pin::new(stream).poll_next(context) };
        catch_unwind(AssertUnwindSafe(|| Pin::new(stream).poll_next(context))).unwrap_or_else(
            |payload| {
                failure.set_panic(payload);
                // What panicked may do so again.
                if let Err(again) = catch_unwind(AssertUnwindSafe(|| *messages = None)) {
                    drop_payload(again);
                }
                Poll::Ready(Some(Err(Status::cancelled("the request stream panicked"))))
            },
        )
    }
}
