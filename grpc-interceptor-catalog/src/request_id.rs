use tonic::{codegen::http::HeaderName, metadata::MetadataMap};

/// Parsed once: a lookup by `&str` would parse it again for each call.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the request id from the metadata, escaped if it isn't text.
pub(crate) fn request_id(metadata: &MetadataMap) -> Option<String> {
    let id = metadata.as_ref().get(&REQUEST_ID)?;
    Some(id.to_str().map_or_else(|_| format!("{id:?}"), str::to_owned))
}
