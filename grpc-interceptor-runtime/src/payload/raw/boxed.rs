use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::{Status, body::Body, codegen::Body as HttpBody};

/// A body in the box that tonic takes as it is. Around any other, tonic puts a conversion of errors, which are statuses
/// here.
pub(super) fn boxed(body: impl HttpBody<Data = Bytes, Error = Status> + Send + 'static) -> Body {
    Body::new(UnsyncBoxBody::new(body))
}
