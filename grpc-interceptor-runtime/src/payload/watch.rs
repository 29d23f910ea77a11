//! Who watches a stream, in a place of its own: an observer of a whole call is in one allocation,
//! which the request's stream, the response's and the call's future share.
//!
//! Nothing here knows the type of the messages: it would be compiled again for each. The observer knows it.

use std::{any::Any, sync::Arc};

use super::stream_end::StreamEnd;
use crate::error::run_in_drop;

/// In place of a message that nobody looks at.
pub(super) struct Uncollected;

/// Watches the messages of a call, and its end.
///
/// A message of another type than the call's is counted, and not shown.
pub trait WatchCall: Send + Sync {
    /// Whether it looks at the messages, or only counts them.
    fn looks(&self) -> bool;
    fn request(&self, message: &dyn Any);
    fn response(&self, message: &dyn Any);
    fn end(&self, end: StreamEnd<'_>);
    /// The response's stream was dropped because it panicked.
    fn panicked(&self);
}

/// Watches one payload.
pub trait Watcher<M> {
    /// It is one message.
    fn message(&mut self, message: &M);
    /// It is a stream.
    fn share(&mut self) -> Watch;
}

/// What a stream keeps of who watches it.
pub enum Watch {
    Request(Arc<dyn WatchCall>),
    Response(ResponseWatch),
}

impl Watch {
    pub(super) fn looks(&self) -> bool {
        match self {
            Watch::Request(watch) => watch.looks(),
            Watch::Response(watch) => watch.watch.as_ref().is_some_and(|watch| watch.looks()),
        }
    }

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

    pub(super) fn message(&mut self, message: &dyn Any) {
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
pub struct ResponseWatch {
    watch: Option<Arc<dyn WatchCall>>,
    /// If it is dropped then, it has panicked. Whether the thread panics wouldn't tell: a panic may be
    /// caught before the stream is dropped, or be somebody else's.
    is_polled: bool,
}

impl ResponseWatch {
    pub(crate) fn new(watch: Arc<dyn WatchCall>) -> Self {
        ResponseWatch { watch: Some(watch), is_polled: false }
    }
}

impl Drop for ResponseWatch {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.take() {
            run_in_drop(|| match self.is_polled {
                true => watch.panicked(),
                false => watch.end(StreamEnd::Cancelled),
            });
        }
    }
}
