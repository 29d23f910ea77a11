//! What of a call's metadata may be shown.

#[cfg(feature = "tracing")]
use std::fmt;

#[cfg(feature = "opentelemetry")]
use tonic::metadata::AsciiMetadataValue;
#[cfg(feature = "tracing")]
use tonic::metadata::KeyAndValueRef;
use tonic::metadata::MetadataMap;

/// What stands in place of a value that isn't shown.
pub(crate) const REDACTED: &str = "[redacted]";

/// Keys whose values let somebody in.
const SECRET: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// The values of these keys, as a list of `key: "value"`. Those that are secret or binary are redacted.
#[cfg(feature = "tracing")]
pub(crate) struct Shown<'a> {
    pub(crate) metadata: &'a MetadataMap,
    pub(crate) keys: &'a [String],
}

#[cfg(feature = "tracing")]
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
                KeyAndValueRef::Ascii(key, value) if !SECRET.contains(&key.as_str()) => {
                    // As debug text: it is escaped, and can't make a line of its own.
                    write!(formatter, "{separator}{key}: {value:?}")?;
                }
                _ => write!(formatter, "{separator}{key}: {REDACTED}")?,
            }
            separator = ", ";
        }
        Ok(())
    }
}

/// The values of a key. Those that are secret or binary are redacted.
#[cfg(feature = "opentelemetry")]
pub(crate) fn values(metadata: &MetadataMap, key: &str) -> Vec<String> {
    if key.ends_with("-bin") {
        let values = metadata.get_all_bin(key);
        return values.iter().map(|_| REDACTED.to_owned()).collect();
    }
    let show = |value: &AsciiMetadataValue| match value.to_str() {
        _ if SECRET.contains(&key) => REDACTED.to_owned(),
        Ok(value) => value.to_owned(),
        Err(_) => format!("{value:?}"),
    };
    metadata.get_all(key).iter().map(show).collect()
}

#[cfg(all(test, feature = "tracing"))]
mod tests {
    use tonic::metadata::{MetadataMap, MetadataValue};

    use super::Shown;

    #[test]
    fn what_is_secret_is_never_shown() {
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
