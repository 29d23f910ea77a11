//! Trace context propagation through metadata.

use opentelemetry::propagation::{Extractor, Injector};
use tonic::metadata::{AsciiMetadataKey, KeyRef, MetadataMap};

/// The metadata of an incoming request.
pub(super) struct Incoming<'a>(pub(super) &'a MetadataMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        let name = |key| match key {
            KeyRef::Ascii(key) => Some(key.as_str()),
            KeyRef::Binary(_) => None,
        };
        self.0.keys().filter_map(name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = self.0.get_all(key);
        let values: Vec<_> = values.iter().filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The metadata of an outgoing request.
pub(super) struct Outgoing<'a>(pub(super) &'a mut MetadataMap);

impl Injector for Outgoing<'_> {
    /// Skips keys and values that aren't valid metadata.
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (AsciiMetadataKey::from_bytes(key.as_bytes()), value.parse())
        {
            self.0.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::propagation::{Extractor as _, Injector as _};
    use tonic::metadata::{MetadataMap, MetadataValue};

    use super::{Incoming, Outgoing};

    #[test]
    fn invalid_keys_and_values_are_skipped() {
        let mut metadata = MetadataMap::new();
        let mut outgoing = Outgoing(&mut metadata);
        outgoing.set("traceparent", "old".to_owned());
        outgoing.set("traceparent", "00-1".to_owned());
        outgoing.set("not a key", "1".to_owned());
        outgoing.set("key", "no\nvalue".to_owned());
        outgoing.set("key-bin", "1".to_owned());
        assert_eq!(metadata.len(), 1);
        assert_eq!(metadata.get("traceparent").unwrap(), "00-1");
    }

    #[test]
    fn repeated_keys_are_all_extracted() {
        let mut metadata = MetadataMap::new();
        metadata.append("tracestate", "a=1".parse().unwrap());
        metadata.append("tracestate", "b=2".parse().unwrap());
        metadata.append_bin("key-bin", MetadataValue::from_bytes(b"1"));
        let incoming = Incoming(&metadata);
        assert_eq!(incoming.get("tracestate"), Some("a=1"));
        assert_eq!(incoming.get_all("tracestate"), Some(vec!["a=1", "b=2"]));
        assert_eq!(incoming.get_all("key-bin"), None);
        assert_eq!(incoming.keys(), ["tracestate"]);
    }
}
