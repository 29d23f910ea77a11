//! What the messages of a [`MessageStream`] come from.

use std::{
    any::Any,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use pin_project_lite::pin_project;
use tokio_stream::Stream;
use tonic::{Status, Streaming, metadata::MetadataMap};

use super::{item::StreamItem, stream_end::StreamEnd};
use crate::error::make_not_ok;

/// Where messages come from. Its type is forgotten but can be asked for, so that a stream that
/// nobody touched gets out of a chain as it went in.
pub(crate) trait Source<M>: Any + Send {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>>;

    fn remaining(&self) -> (usize, Option<usize>);

    /// The trailing metadata. Called once, after the last message.
    fn trailers(self: Pin<&mut Self>) -> Option<MetadataMap> {
        None
    }
}

pin_project! {
    /// Any stream: a handler's, or an interceptor's own.
    pub(crate) struct FromStream<S> {
        #[pin]
        pub(crate) stream: S,
    }
}

impl<S, M> Source<M> for FromStream<S>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
{
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        StreamItem::into_polled(self.project().stream.poll_next(context))
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

pin_project! {
    /// A client's own request stream, in which there are no errors.
    pub(crate) struct FromMessages<S> {
        #[pin]
        pub(crate) messages: S,
    }
}

impl<S: Stream + Send + 'static> Source<S::Item> for FromMessages<S> {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<S::Item, Status>>> {
        self.project().messages.poll_next(context).map(|message| message.map(Ok))
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        self.messages.size_hint()
    }
}

/// A stream that came over the wire, and may have trailing metadata.
impl<M: Send + 'static> Source<M> for Streaming<M> {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        self.poll_next(context)
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        self.size_hint()
    }

    fn trailers(self: Pin<&mut Self>) -> Option<MetadataMap> {
        // Behind the last message there is nothing to wait for.
        let trailers = pin!(self.get_mut().trailers());
        match trailers.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(trailers)) => trailers,
            _ => None,
        }
    }
}

/// Another source's messages, each seen and changed in its place by a closure, and so its end:
/// `None`, with the trailing metadata.
pub(crate) struct Around<M, F> {
    pub(crate) source: Pin<Box<dyn Source<M>>>,
    pub(crate) on_item: F,
    pub(crate) trailers: Option<MetadataMap>,
}

/// The closure is never pinned.
impl<M, F> Unpin for Around<M, F> {}

impl<M, F> Around<M, F>
where
    M: 'static,
    F: FnMut(&mut Option<Result<M, Status>>, Option<&MetadataMap>),
{
    #[cold]
    fn end(&mut self, end: &mut Option<Result<M, Status>>) {
        match end {
            Some(Err(status)) => make_not_ok(status),
            _ => self.trailers = self.source.as_mut().trailers(),
        }
        (self.on_item)(end, self.trailers.as_ref());
    }
}

impl<M, F> Source<M> for Around<M, F>
where
    M: Send + 'static,
    F: FnMut(&mut Option<Result<M, Status>>, Option<&MetadataMap>) + Send + 'static,
{
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let mut polled = self.source.as_mut().poll_item(context);
        match &mut polled {
            Poll::Ready(item @ Some(Ok(_))) => (self.on_item)(item, None),
            Poll::Ready(end) => self.end(end),
            Poll::Pending => {}
        }
        polled
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        self.source.remaining()
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<MetadataMap> {
        self.trailers.take()
    }
}

/// No messages.
pub(crate) struct Nothing;

impl<M: 'static> Source<M> for Nothing {
    fn poll_item(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        Poll::Ready(None)
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

/// Runs a closure once, at the end or when this is dropped before.
pub(crate) struct AtEnd<F: FnOnce(StreamEnd<'_>)>(Option<F>);

impl<F: FnOnce(StreamEnd<'_>)> AtEnd<F> {
    pub(crate) fn new(on_end: F) -> Self {
        AtEnd(Some(on_end))
    }

    pub(crate) fn end(&mut self, end: StreamEnd<'_>) {
        if let Some(on_end) = self.0.take() {
            on_end(end);
        }
    }
}

impl<F: FnOnce(StreamEnd<'_>)> Drop for AtEnd<F> {
    fn drop(&mut self) {
        self.end(StreamEnd::Cancelled);
    }
}
