use tonic::{codegen::http::HeaderName, metadata::MetadataMap};

/// Parsed once: a lookup by a `&str` parses it anew for each call.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id that the request has in its metadata. What isn't text is escaped.
pub(crate) fn request_id(metadata: &MetadataMap) -> Option<String> {
    let id = metadata.as_ref().get(&REQUEST_ID)?;
    Some(id.to_str().map_or_else(|_| format!("{id:?}"), str::to_owned))
}
