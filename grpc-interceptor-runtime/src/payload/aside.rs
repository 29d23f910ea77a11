use std::any::Any;

use tonic::{Status, metadata::MetadataMap};

use super::{
    scopes::Scopes, source::Again, stream_end::StreamEnd, trailers::Trailers, watch::Watch,
};

/// The parts of a stream other than its messages. It doesn't know their type, since its code would
/// then be compiled again for each type.
pub(super) struct Aside {
    pub(super) watch: Option<Watch>,
    pub(super) scopes: Scopes,
    pub(super) trailers: Option<Trailers>,
    /// The error that follows the first one, and whether it is the same.
    again: Option<(Status, bool)>,
}

impl Aside {
    /// A constant, so that no function is called while there is already something to drop.
    pub(super) const NOTHING: Aside =
        Aside { watch: None, scopes: Scopes::NONE, trailers: None, again: None };

    /// Called when the stream is polled.
    #[inline]
    pub(super) fn poll(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.poll();
        }
    }

    /// Called when the stream is pending.
    #[inline]
    pub(super) fn pending(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.pending();
        }
    }

    /// Called when the stream yields a message.
    #[inline]
    pub(super) fn message(&mut self, message: &dyn Any) {
        if let Some(watch) = &mut self.watch {
            watch.message(message);
        }
    }

    pub(super) fn trailers(&self) -> Option<&MetadataMap> {
        self.trailers.as_ref().and_then(Trailers::metadata)
    }

    /// Called when the stream has failed.
    #[cold]
    pub(super) fn fail(&mut self, status: &Status, again: Option<Again>) {
        self.again = again.map(|again| match again {
            Again::Same => (status.clone(), true),
            Again::Other(status) => (status, false),
        });
        if let Some(watch) = self.watch.take() {
            watch.end(StreamEnd::Failed(status));
        }
    }

    /// Called when the stream has completed successfully.
    #[cold]
    pub(super) fn complete(&mut self, trailers: Option<Trailers>) {
        self.trailers = trailers;
        if let Some(watch) = self.watch.take() {
            watch.end(StreamEnd::Complete { trailers: self.trailers() });
        }
    }

    /// Takes the error that a poll after the end returns, if there is one.
    pub(super) fn take_error(&mut self) -> Option<Status> {
        self.again.take().map(|(status, _)| status)
    }

    /// Does the same for an enclosing stream.
    pub(super) fn take_again(&mut self) -> Option<Again> {
        self.again.take().map(|(status, is_same)| match is_same {
            true => Again::Same,
            false => Again::Other(status),
        })
    }
}
