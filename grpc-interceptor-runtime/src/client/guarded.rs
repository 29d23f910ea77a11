use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::Status;

use super::failure::Failure;
use crate::{MessageStream, error::drop_payload, payload::Scopes};

/// A request stream that ends with an error if it panics, and notes the panic: nobody hears of it in
/// the task that reads the stream, and it would take the connection down.
pub(super) struct Guarded<M> {
    /// There until it has panicked.
    messages: Option<MessageStream<M>>,
    scopes: Scopes,
    failure: Failure,
}

impl<M: Send + 'static> Guarded<M> {
    pub(super) fn new(mut messages: MessageStream<M>, failure: Failure) -> Self {
        let scopes = messages.take_scopes();
        Guarded { messages: Some(messages), scopes, failure }
    }
}

impl<M: Send + 'static> Stream for Guarded<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Guarded { messages, scopes, failure } = &mut *self;
        let Some(messages) = messages else { return Poll::Ready(None) };
        let poll = || messages.poll_inside(context);
        let is_last = |item: &Option<_>| !matches!(item, Some(Ok(_)));
        let polled = match catch_unwind(AssertUnwindSafe(|| scopes.poll(poll, is_last))) {
            Ok(Ok(polled)) => polled,
            Ok(Err(status)) => Poll::Ready(Some(Err(status))),
            Err(payload) => {
                failure.set_panic(payload);
                Poll::Ready(Some(Err(Status::cancelled("the request stream panicked"))))
            }
        };
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.drop_messages();
        }
        polled
    }
}

impl<M> Guarded<M> {
    /// What panics only now makes no difference to the call: its requests were complete, or it has
    /// failed already.
    fn drop_messages(&mut self) {
        let Guarded { messages, scopes, .. } = self;
        let mut messages = messages.take();
        // What a scope says after the end makes no difference.
        let dropped =
            catch_unwind(AssertUnwindSafe(|| drop(scopes.enter(&mut || drop(messages.take())))));
        if let Err(payload) = dropped {
            drop_payload(payload);
        }
    }
}

impl<M> Drop for Guarded<M> {
    fn drop(&mut self) {
        self.drop_messages();
    }
}
