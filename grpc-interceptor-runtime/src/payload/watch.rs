//! The watcher of a stream, stored separately: the observer of a whole call is in one allocation,
//! shared by the request stream, the response stream and the call's future.
//!
//! Nothing here knows the message types, since it would then be compiled again for each type. Only
//! the observer knows them.

use std::{any::Any, sync::Arc};

use super::stream_end::StreamEnd;
use crate::error::run_in_drop;

/// Stands in for a message that isn't inspected.
pub(super) struct Uncollected;

/// Watches the messages of a call, and its end.
///
/// A message of a type other than the call's is counted but not passed on.
pub trait WatchCall: Send + Sync {
    /// Returns whether it inspects the messages, or only counts them.
    fn looks(&self) -> bool;
    fn request(&self, message: &dyn Any);
    fn response(&self, message: &dyn Any);
    fn end(&self, end: StreamEnd<'_>);
    /// The response stream was dropped because it panicked.
    fn panicked(&self);
}

/// Watches one payload.
pub trait Watcher<M> {
    /// Called if the payload is a single message.
    fn message(&mut self, message: &M);
    /// Called if the payload is a stream.
    fn share(&mut self) -> Watch;
}

/// A stream's handle to its watcher.
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

    /// Called when the stream is polled.
    pub(super) fn poll(&mut self) {
        if let Watch::Response(watch) = self {
            watch.is_polled = true;
        }
    }

    /// Called when the stream is pending.
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

/// Reports the end if it is dropped before the end.
pub struct ResponseWatch {
    watch: Option<Arc<dyn WatchCall>>,
    /// Being dropped while this is `true` means a panic. Whether the thread is panicking wouldn't
    /// say: the panic may have been caught before the stream is dropped, or may come from
    /// elsewhere.
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
