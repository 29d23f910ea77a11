use std::sync::{Arc, Mutex, PoisonError};

use tonic::{Code, Status, metadata::MetadataMap};

/// What a handler's stream ends with to send trailing metadata though it ends well: as its last item,
/// `Err(trailers(metadata))`.
///
/// It is a status with the code OK, which tonic takes for that, too. On one response message tonic
/// sends no trailing metadata.
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

/// The trailing metadata of a stream that ended well.
#[derive(Clone)]
pub(crate) enum Trailers {
    /// From the wire, or an interceptor.
    Metadata(MetadataMap),
    /// From a handler, in a status that is OK, which may have a text.
    Status(Status),
}

impl Trailers {
    pub(crate) fn metadata(&self) -> &MetadataMap {
        match self {
            Trailers::Metadata(metadata) => metadata,
            Trailers::Status(status) => status.metadata(),
        }
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut MetadataMap {
        match self {
            Trailers::Metadata(metadata) => metadata,
            Trailers::Status(status) => status.metadata_mut(),
        }
    }

    pub(crate) fn into_metadata(self) -> MetadataMap {
        match self {
            Trailers::Metadata(metadata) => metadata,
            Trailers::Status(mut status) => std::mem::take(status.metadata_mut()),
        }
    }

    /// What a server's stream ends with, for tonic to send them.
    pub(crate) fn into_status(self) -> Status {
        match self {
            Trailers::Metadata(metadata) => trailers(metadata),
            Trailers::Status(status) => status,
        }
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
