use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::{Status, body::Body, codegen::Body as HttpBody};

/// Boxes a body in the type that tonic accepts as is. Tonic wraps any other type to convert its
/// errors, which are already statuses here.
pub(super) fn boxed(body: impl HttpBody<Data = Bytes, Error = Status> + Send + 'static) -> Body {
    Body::new(UnsyncBoxBody::new(body))
}
