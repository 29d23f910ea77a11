//! Who watches a stream, in a place of its own: an observer of a whole call is in one allocation,
//! which the request's stream, the response's and the call's future share.

use std::sync::Arc;

use super::stream_end::StreamEnd;
use crate::error::run_in_drop;

/// Watches the messages of a request.
pub trait WatchRequest<M>: Send + Sync {
    fn request(&self, message: &M);
}

/// Watches the messages of a response, and its end.
pub trait WatchResponse<M>: Send + Sync {
    fn response(&self, message: &M);
    fn end(&self, end: StreamEnd<'_>);
    /// It was dropped because it panicked.
    fn panicked(&self);
}

/// Watches one payload.
pub trait Watcher<M> {
    /// It is one message.
    fn message(&mut self, message: &M);
    /// It is a stream.
    fn share(&mut self) -> Watch<M>;
}

/// What a stream keeps of who watches it.
pub enum Watch<M> {
    Request(Arc<dyn WatchRequest<M>>),
    Response(ResponseWatch<M>),
}

impl<M> Watch<M> {
    /// The stream is polled.
    pub(super) fn poll(&mut self) {
        if let Watch::Response(watch) = self {
            watch.is_polled = true;
        }
    }

    /// It has nothing yet.
    pub(super) fn pending(&mut self) {
        if let Watch::Response(watch) = self {
            watch.is_polled = false;
        }
    }

    pub(super) fn message(&mut self, message: &M) {
        match self {
            Watch::Request(watch) => watch.request(message),
            Watch::Response(watch) => {
                if let Some(watch) = &watch.watch {
                    watch.response(message);
                }
                watch.is_polled = false;
            }
        }
    }

    pub(super) fn end(self, end: StreamEnd<'_>) {
        if let Watch::Response(mut watch) = self
            && let Some(watch) = watch.watch.take()
        {
            watch.end(end);
        }
    }
}

/// Tells of the end if it is dropped before.
pub struct ResponseWatch<M> {
    watch: Option<Arc<dyn WatchResponse<M>>>,
    /// If it is dropped then, it has panicked. Whether the thread panics wouldn't tell: a panic may be
    /// caught before the stream is dropped, or be somebody else's.
    is_polled: bool,
}

impl<M> ResponseWatch<M> {
    pub(crate) fn new(watch: Arc<dyn WatchResponse<M>>) -> Self {
        ResponseWatch { watch: Some(watch), is_polled: false }
    }
}

impl<M> Drop for ResponseWatch<M> {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.take() {
            run_in_drop(|| match self.is_polled {
                true => watch.panicked(),
                false => watch.end(StreamEnd::Cancelled),
            });
        }
    }
}
