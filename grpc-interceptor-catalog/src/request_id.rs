use tonic::metadata::MetadataMap;

/// The id that the request has in its metadata. What isn't text is escaped.
pub(crate) fn request_id(metadata: &MetadataMap) -> Option<String> {
    let id = metadata.get("x-request-id")?;
    Some(id.to_str().map_or_else(|_| format!("{id:?}"), str::to_owned))
}
