use std::sync::{Arc, Mutex, PoisonError};

use tonic::{Code, Status, codegen::http::HeaderName, metadata::MetadataMap};

/// The headers of the status in a response's trailers.
const STATUS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// Creates the trailing metadata for a stream that completes successfully. A handler's stream
/// yields `Err(trailers(metadata))` as its last item.
///
/// The result is a status with the code OK, which tonic interprets the same way. Tonic sends no
/// trailing metadata with a single response message.
///
/// ```
/// use grpc_interceptor::trailers;
/// use tonic::{Code, Status, metadata::MetadataMap};
///
/// fn replies(names: Vec<String>) -> impl Iterator<Item = Result<String, Status>> {
///     let mut metadata = MetadataMap::new();
///     metadata.insert("count", names.len().into());
///     names.into_iter().map(Ok).chain([Err(trailers(metadata))])
/// }
///
/// let last = replies(vec!["Ada".to_owned()]).last();
/// assert_eq!(last.unwrap().unwrap_err().code(), Code::Ok);
/// ```
///
/// An interceptor can change the trailers with
/// [`Payload::map_trailers`](crate::Payload::map_trailers).
#[must_use = "yield it as the last item of a stream"]
pub fn trailers(metadata: MetadataMap) -> Status {
    Status::with_metadata(Code::Ok, "", metadata)
}

/// The trailing metadata of a stream that completed successfully. It is stored in an OK status, as
/// a handler sends it, and is no larger than a pointer.
#[derive(Clone)]
pub(crate) struct Trailers(Status);

impl Trailers {
    pub(crate) fn new(metadata: MetadataMap) -> Self {
        Trailers(trailers(metadata))
    }

    /// Wraps a handler's status, which may have a message.
    pub(crate) fn of_status(status: Status) -> Self {
        Trailers(status)
    }

    /// Returns the metadata, or `None` if it contains only the status, as it does on a client.
    pub(crate) fn metadata(&self) -> Option<&MetadataMap> {
        let metadata = self.0.metadata();
        let is_of_status = |key: &HeaderName| STATUS.contains(&key.as_str());
        (!metadata.as_ref().keys().all(is_of_status)).then_some(metadata)
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.0.metadata_mut()
    }

    pub(crate) fn into_metadata(mut self) -> MetadataMap {
        std::mem::take(self.metadata_mut())
    }

    /// Returns the status that ends a server's stream, so that tonic sends the trailers.
    pub(crate) fn into_status(self) -> Status {
        self.0
    }
}

impl Default for Trailers {
    fn default() -> Self {
        Trailers::new(MetadataMap::new())
    }
}

/// Trailing metadata that one stream leaves for another derived from it.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Option<Trailers>>>);

impl Kept {
    pub(super) fn set(&self, trailers: Option<Trailers>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trailers;
    }

    pub(super) fn take(&self) -> Option<Trailers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
