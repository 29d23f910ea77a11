//! A stream that panics when it is polled or dropped.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;

use crate::plan::{DropGuard, Plan};

pub(crate) struct Raising<T> {
    stream: Pin<Box<dyn Stream<Item = T> + Send>>,
    plan: Plan,
    /// The message that it panics at, counted from 1.
    at: Option<usize>,
    seen: usize,
    _guard: Option<DropGuard>,
}

impl<T> Raising<T> {
    pub(crate) fn new(
        stream: impl Stream<Item = T> + Send + 'static,
        plan: &Plan,
        at: Option<usize>,
        on_drop: bool,
    ) -> Self {
        let guard = on_drop.then(|| plan.raise_on_drop());
        Raising { stream: Box::pin(stream), plan: plan.clone(), at, seen: 0, _guard: guard }
    }
}

impl<T> Stream for Raising<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let polled = self.stream.as_mut().poll_next(context);
        if let Poll::Ready(Some(_)) = polled {
            self.seen += 1;
            if self.at == Some(self.seen) {
                self.plan.raise();
            }
        }
        polled
    }
}
