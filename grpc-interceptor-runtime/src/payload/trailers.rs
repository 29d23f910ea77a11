use std::sync::{Arc, Mutex, PoisonError};

use tonic::{Code, Status, codegen::http::HeaderName, metadata::MetadataMap};

/// The status, as it is among a response's trailers.
const STATUS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// Trailing metadata for a stream that ends well: a handler's stream yields `Err(trailers(metadata))` as
/// its last item.
///
/// It is a status with the code OK, which tonic understands in the same way. With one response message
/// tonic sends no trailing metadata.
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
/// An interceptor changes it by [`Payload::map_trailers`](crate::Payload::map_trailers).
#[must_use = "it is the last item of a stream"]
pub fn trailers(metadata: MetadataMap) -> Status {
    Status::with_metadata(Code::Ok, "", metadata)
}

/// The trailing metadata of a stream that ended well: in a status that is OK, as a handler sends it, and
/// which is no larger than a pointer.
#[derive(Clone)]
pub(crate) struct Trailers(Status);

impl Trailers {
    pub(crate) fn new(metadata: MetadataMap) -> Self {
        Trailers(trailers(metadata))
    }

    /// From a handler, whose status may have a text.
    pub(crate) fn of_status(status: Status) -> Self {
        Trailers(status)
    }

    /// What there is to tell: nothing, if it is no more than the status, as a client has it there.
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

    /// What a server's stream ends with, for tonic to send them.
    pub(crate) fn into_status(self) -> Status {
        self.0
    }
}

impl Default for Trailers {
    fn default() -> Self {
        Trailers::new(MetadataMap::new())
    }
}

/// What one stream leaves for another that is made of it.
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
