use tonic::{
    Code, Status,
    codegen::http::{HeaderMap, StatusCode},
    metadata::MetadataMap,
};

use super::{
    framing::{BodyOf, Framing},
    status::{inferred_status, is_plain_ok, status_of},
};
use crate::payload::trailers::Trailers;

/// Interprets the end of a body with these trailers, or with none. A request has no status, so its
/// trailers are plain metadata.
pub(super) fn ending(
    framing: Framing,
    trailers: Option<&HeaderMap>,
) -> Result<Option<Trailers>, Status> {
    if trailers.is_some_and(is_plain_ok) {
        return Ok(None);
    }
    let status = match framing.body {
        BodyOf::Request => None,
        BodyOf::Response { .. } => trailers.and_then(status_of),
    };
    match (status, framing.body) {
        (Some(status), _) if status.code() != Code::Ok => Err(status),
        (None, BodyOf::Response { has_status: false }) => Err(inferred_status(StatusCode::OK)),
        _ => {
            Ok(trailers.map(|trailers| Trailers::new(MetadataMap::from_headers(trailers.clone()))))
        }
    }
}
