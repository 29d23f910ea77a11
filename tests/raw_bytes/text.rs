//! The comparison works on text, which is complete and shows readable differences.

use tonic::{Extensions, Status, codegen::http::HeaderMap, metadata::MetadataMap};

/// What happened, line by line.
pub type Lines = Vec<String>;

/// Each byte is one character.
pub fn bytes(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// In wire order.
pub fn headers(headers: &HeaderMap) -> String {
    let lines = headers.iter().map(|(name, value)| {
        let value = bytes(value.as_bytes());
        format!("{name}: {value}")
    });
    format!("[{}]", lines.collect::<Vec<_>>().join(", "))
}

pub fn metadata(metadata: &MetadataMap) -> String {
    headers(metadata.as_ref())
}

pub fn status(status: &Status) -> String {
    let source = std::error::Error::source(status).map(ToString::to_string);
    let (code, message, details) = (status.code(), status.message(), status.details());
    let metadata = metadata(status.metadata());
    format!(
        "{code:?}, {message:?}, details {:?}, metadata {metadata}, source {source:?}",
        bytes(details)
    )
}

/// An extension, as set by layers and callers.
#[derive(Clone)]
pub struct Mark(pub &'static str);

pub fn mark(extensions: &Extensions) -> String {
    format!("mark: {:?}", extensions.get::<Mark>().map(|mark| mark.0))
}
