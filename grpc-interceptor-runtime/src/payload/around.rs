//! Wraps the messages of a stream.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::{
    source::{Again, Source},
    stream_end::StreamEnd,
    trailers::Trailers,
};
use crate::error::{make_not_ok, run_in_drop};

/// Wraps another source. A closure sees, and can change in place, each message and the end: an
/// error, or `None` with the trailing metadata.
pub(crate) struct Around<M, F> {
    source: Pin<Box<dyn Source<M>>>,
    on_item: F,
    trailers: Option<Trailers>,
    /// Whether the error that ended the stream came from the source.
    source_failed: bool,
}

/// The closure is never pinned.
impl<M, F> Unpin for Around<M, F> {}

impl<M, F> Around<M, F>
where
    M: 'static,
    F: FnMut(&mut Option<Result<M, Status>>, &mut Option<Trailers>),
{
    pub(crate) fn new(source: Pin<Box<dyn Source<M>>>, on_item: F) -> Self {
        Around { source, on_item, trailers: None, source_failed: false }
    }

    #[cold]
    fn end(&mut self, end: &mut Option<Result<M, Status>>) {
        match end {
            Some(Err(status)) => {
                self.source_failed = true;
                make_not_ok(status);
            }
            _ => self.trailers = self.source.as_mut().trailers(),
        }
        (self.on_item)(end, &mut self.trailers);
    }
}

impl<M, F> Source<M> for Around<M, F>
where
    M: Send + 'static,
    F: FnMut(&mut Option<Result<M, Status>>, &mut Option<Trailers>) + Send + 'static,
{
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let mut polled = self.source.as_mut().poll_item(context);
        match &mut polled {
            Poll::Ready(item @ Some(Ok(_))) => (self.on_item)(item, &mut None),
            Poll::Ready(end) => self.end(end),
            Poll::Pending => {}
        }
        polled
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.trailers.take()
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        if self.source_failed { self.source.as_mut().error_again() } else { None }
    }
}

/// Runs a closure once, at the end of the stream or when this is dropped before it.
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
        run_in_drop(|| self.end(StreamEnd::Cancelled));
    }
}
