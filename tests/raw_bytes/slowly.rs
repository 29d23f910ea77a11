//! A stream that can make its reader wait.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;

/// `None` stands for an item that isn't ready yet: the reader has to poll again.
pub struct Slowly<T>(VecDeque<Option<T>>);

impl<T> Slowly<T> {
    pub fn new(items: impl IntoIterator<Item = Option<T>>) -> Self {
        Slowly(items.into_iter().collect())
    }
}

impl<T: Unpin> Stream for Slowly<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        match self.0.pop_front() {
            Some(None) => wait(context),
            item => Poll::Ready(item.flatten()),
        }
    }
}

pub fn wait<T>(context: &Context<'_>) -> Poll<T> {
    context.waker().wake_by_ref();
    Poll::Pending
}
