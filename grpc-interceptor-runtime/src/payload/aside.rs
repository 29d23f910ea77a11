use tonic::{Status, metadata::MetadataMap};

use super::{
    scopes::Scopes, source::Again, stream_end::StreamEnd, trailers::Trailers, watch::Watch,
};
use crate::error::make_not_ok;

/// What a stream has besides its messages. It doesn't know their type: what it does would be compiled
/// again for each.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) watch: Option<Watch>,
    pub(super) scopes: Scopes,
    pub(super) trailers: Option<Trailers>,
    /// The error that follows the one that there was, and whether it is the same.
    again: Option<(Status, bool)>,
}

impl Aside {
    pub(super) fn trailers(&self) -> Option<&MetadataMap> {
        self.trailers.as_ref().and_then(Trailers::metadata)
    }

    /// The stream has failed.
    pub(super) fn fail(&mut self, status: &mut Status, again: impl FnOnce() -> Option<Again>) {
        make_not_ok(status);
        let again = again();
        self.failed(status, again);
    }

    #[cold]
    fn failed(&mut self, status: &Status, again: Option<Again>) {
        self.again = again.map(|again| match again {
            Again::Same => (status.clone(), true),
            Again::Other(status) => (status, false),
        });
        if let Some(watch) = self.watch.take() {
            watch.end(StreamEnd::Failed(status));
        }
    }

    /// The stream has ended well.
    #[cold]
    pub(super) fn complete(&mut self, trailers: Option<Trailers>) {
        self.trailers = trailers;
        if let Some(watch) = self.watch.take() {
            watch.end(StreamEnd::Complete { trailers: self.trailers() });
        }
    }

    /// The error that a poll after the end gives, if there is one.
    pub(super) fn take_error(&mut self) -> Option<Status> {
        self.again.take().map(|(status, _)| status)
    }

    /// The same for a stream around it.
    pub(super) fn take_again(&mut self) -> Option<Again> {
        self.again.take().map(|(status, is_same)| match is_same {
            true => Again::Same,
            false => Again::Other(status),
        })
    }
}
