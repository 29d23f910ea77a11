use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use tonic::metadata::{AsciiMetadataValue, MetadataMap};

use crate::redact::{REDACTED, is_secret};

/// The metadata that is recorded.
#[derive(Clone, Default)]
pub(super) struct Recorded(Vec<(String, Key)>);

impl Recorded {
    pub(super) fn new<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        let attribute = |key: K| {
            let key = key.into().to_ascii_lowercase();
            let name = format!("rpc.request.metadata.{key}");
            (key, name.into())
        };
        Recorded(keys.into_iter().map(attribute).collect())
    }

    pub(super) fn add(&self, metadata: &MetadataMap, attributes: &mut Vec<KeyValue>) {
        for (key, name) in &self.0 {
            let values = values(metadata, key);
            if !values.is_empty() {
                let values = Value::Array(Array::String(values));
                attributes.push(KeyValue::new(name.clone(), values));
            }
        }
    }
}

/// Returns the values of a key. Secret and binary values are redacted.
fn values(metadata: &MetadataMap, key: &str) -> Vec<StringValue> {
    if key.ends_with("-bin") {
        return metadata.get_all_bin(key).iter().map(|_| REDACTED.into()).collect();
    }
    let show = |value: &AsciiMetadataValue| match value.to_str() {
        _ if is_secret(key) => REDACTED.into(),
        Ok(value) => value.to_owned().into(),
        Err(_) => format!("{value:?}").into(),
    };
    metadata.get_all(key).iter().map(show).collect()
}
