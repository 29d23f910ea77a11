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
    pub(super) fn message(&self, message: &M) {
        match self {
            Watch::Request(watch) => watch.request(message),
            Watch::Response(ResponseWatch(Some(watch))) => watch.response(message),
            Watch::Response(ResponseWatch(None)) => {}
        }
    }

    pub(super) fn end(self, end: StreamEnd<'_>) {
        if let Watch::Response(mut watch) = self
            && let Some(watch) = watch.0.take()
        {
            watch.end(end);
        }
    }
}

/// Tells of the end if it is dropped before.
pub struct ResponseWatch<M>(Option<Arc<dyn WatchResponse<M>>>);

impl<M> ResponseWatch<M> {
    pub(crate) fn new(watch: Arc<dyn WatchResponse<M>>) -> Self {
        ResponseWatch(Some(watch))
    }
}

impl<M> Drop for ResponseWatch<M> {
    fn drop(&mut self) {
        if let Some(watch) = self.0.take() {
            run_in_drop(|| watch.end(StreamEnd::Cancelled));
        }
    }
}
