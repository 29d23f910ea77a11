//! Metadata as a line of text.

use std::fmt;

use tonic::metadata::{KeyAndValueRef, MetadataMap};

use crate::redact::{REDACTED, is_secret};

/// The values of these keys, formatted as `key: "value", …`. Secret and binary values are redacted.
pub(crate) struct Shown<'a> {
    pub(crate) metadata: &'a MetadataMap,
    pub(crate) keys: &'a [String],
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for entry in self.metadata.iter() {
            let key = match entry {
                KeyAndValueRef::Ascii(key, _) => key.as_str(),
                KeyAndValueRef::Binary(key, _) => key.as_str(),
            };
            if !self.keys.iter().any(|shown| shown == key) {
                continue;
            }
            match entry {
                KeyAndValueRef::Ascii(key, value) if !is_secret(key.as_str()) => {
                    // Debug-formatted, so line breaks are escaped and can't forge a log line.
                    write!(formatter, "{separator}{key}: {value:?}")?;
                }
                _ => write!(formatter, "{separator}{key}: {REDACTED}")?,
            }
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tonic::metadata::{MetadataMap, MetadataValue};

    use super::Shown;

    #[test]
    fn secrets_are_never_shown() {
        let mut metadata = MetadataMap::new();
        for key in ["authorization", "cookie", "tenant", "other"] {
            metadata.append(key, "open-sesame".parse().unwrap());
        }
        metadata.append("tenant", "second".parse().unwrap());
        metadata.append_bin("key-bin", MetadataValue::from_bytes(b"open-sesame"));
        let keys = ["authorization", "cookie", "tenant", "key-bin"].map(str::to_owned);
        let shown = Shown { metadata: &metadata, keys: &keys }.to_string();
        let mut entries: Vec<_> = shown.split(", ").collect();
        entries.sort_unstable();
        assert_eq!(
            entries,
            [
                "authorization: [redacted]",
                "cookie: [redacted]",
                "key-bin: [redacted]",
                "tenant: \"open-sesame\"",
                "tenant: \"second\"",
            ]
        );
    }
}
