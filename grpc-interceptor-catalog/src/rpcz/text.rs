//! Text that is kept about a call, in a reused buffer and with a limited length.

use std::fmt::Write as _;

use tonic::{codegen::http::HeaderValue, metadata::MetadataMap};

use crate::redact::{REDACTED, is_secret, seems_secret};

/// Marks text that was cut.
const CUT: &str = "…";

/// The length in bytes at which a call's metadata is cut.
pub(super) const LONGEST_METADATA: usize = 1024;

/// Returns whether every call has this key.
fn is_usual(key: &str) -> bool {
    // By length first: this runs for each key of each call.
    match key.len() {
        2 => key == "te",
        12 => key == "content-type",
        13 => key == "grpc-encoding",
        20 => key == "grpc-accept-encoding",
        _ => false,
    }
}

/// Which metadata is kept, and how.
#[derive(Clone, Default)]
pub(super) struct Keys {
    /// `None` keeps all.
    pub(super) only: Option<Vec<String>>,
    pub(super) hidden: Vec<String>,
}

impl Keys {
    fn has(&self, key: &str) -> bool {
        match &self.only {
            None => !is_usual(key),
            Some(keys) => keys.iter().any(|kept| kept == key),
        }
    }

    fn hides(&self, key: &str) -> bool {
        // If you ask for a key, you know what it contains.
        is_secret(key)
            || self.hidden.iter().any(|hidden| hidden == key)
            // Every call has that key.
            || self.only.is_none() && key != "user-agent" && seems_secret(key)
    }

    /// Writes one line per entry, `key: value`. Secret and binary values are redacted.
    ///
    /// This runs for each call, so it reads the headers directly rather than through typed metadata
    /// entries.
    pub(super) fn write(&self, text: &mut String, metadata: &MetadataMap) {
        text.clear();
        for (name, value) in metadata.as_ref() {
            let key = name.as_str();
            if !self.has(key) {
                continue;
            }
            if text.len() >= LONGEST_METADATA {
                text.push_str(CUT);
                return;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            push_cut(text, key, LONGEST_METADATA);
            text.push_str(": ");
            if key.ends_with("-bin") || self.hides(key) {
                text.push_str(REDACTED);
            } else if let Ok(value) = value.to_str() {
                push_cut(text, value, LONGEST_METADATA);
            } else {
                push_escaped(text, value);
            }
        }
    }
}

/// Escapes the bytes that aren't text.
#[cold]
fn push_escaped(text: &mut String, value: &HeaderValue) {
    let mut escaped = String::new();
    // Writing to a string can't fail.
    let _ = write!(escaped, "{value:?}");
    push_cut(text, &escaped, LONGEST_METADATA);
}

/// Appends a text, up to a total length in bytes.
pub(super) fn push_cut(text: &mut String, more: &str, longest: usize) {
    let room = longest.saturating_sub(text.len());
    if more.len() <= room {
        text.push_str(more);
        return;
    }
    let end = (0..=room).rev().find(|end| more.is_char_boundary(*end)).unwrap_or(0);
    text.push_str(&more[..end]);
    text.push_str(CUT);
}

#[cfg(test)]
mod tests {
    use tonic::{
        codegen::http::{HeaderMap, HeaderValue},
        metadata::{MetadataMap, MetadataValue},
    };

    use super::{Keys, LONGEST_METADATA, push_cut};

    fn written(keys: &Keys, metadata: &MetadataMap) -> Vec<String> {
        let mut text = "of another call".to_owned();
        keys.write(&mut text, metadata);
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn secrets_and_likely_secrets_are_redacted() {
        let mut metadata = MetadataMap::new();
        for key in ["authorization", "x-api-key", "session-id", "tenant", "te", "content-type"] {
            metadata.insert(key, "sesame".parse().unwrap());
        }
        metadata.insert_bin("trace-bin", MetadataValue::from_bytes(b"sesame"));
        assert_eq!(
            written(&Keys::default(), &metadata),
            [
                "authorization: [redacted]",
                "session-id: [redacted]",
                "tenant: sesame",
                "trace-bin: [redacted]",
                "x-api-key: [redacted]",
            ]
        );
        let only = ["authorization", "session-id", "tenant", "trace-bin"].map(str::to_owned);
        let keys = Keys { only: Some(only.into()), hidden: vec!["tenant".to_owned()] };
        assert_eq!(
            written(&keys, &metadata),
            [
                "authorization: [redacted]",
                "session-id: sesame",
                "tenant: [redacted]",
                "trace-bin: [redacted]",
            ]
        );
        assert!(written(&Keys { only: Some(Vec::new()), ..keys }, &metadata).is_empty());
    }

    #[test]
    fn a_value_is_one_line() {
        let mut headers = HeaderMap::new();
        headers.insert("odd", HeaderValue::from_bytes(b"caf\xe9 au lait").unwrap());
        let lines = written(&Keys::default(), &MetadataMap::from_headers(headers));
        assert_eq!(lines, ["odd: \"caf\\xe9 au lait\""]);
    }

    #[test]
    fn the_text_is_limited_in_length() {
        let mut metadata = MetadataMap::new();
        for key in 0..1000 {
            let key = tonic::metadata::AsciiMetadataKey::from_bytes(format!("k{key}").as_bytes());
            metadata.insert(key.unwrap(), "v".repeat(5000).parse().unwrap());
        }
        let mut text = String::new();
        Keys::default().write(&mut text, &metadata);
        assert!(text.len() <= LONGEST_METADATA + 10 && text.ends_with('…'), "{}", text.len());
    }

    #[test]
    fn cuts_are_between_characters() {
        let mut text = String::new();
        push_cut(&mut text, "éé", 3);
        assert_eq!(text, "é…");
    }
}
