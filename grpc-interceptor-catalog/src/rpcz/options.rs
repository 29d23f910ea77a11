use std::sync::Arc;

use grpc_interceptor_runtime::Context;
use tonic::metadata::MetadataMap;

use super::text::Keys;

#[derive(Clone)]
pub(super) struct Options {
    /// How many calls in flight are listed.
    pub(super) in_flight: usize,
    /// How many recent samples are kept, and how many slow ones.
    pub(super) samples: usize,
    pub(super) keys: Keys,
    pub(super) fields: Option<Fields>,
}

type Fields = Arc<dyn Fn(&Context, &MetadataMap) -> String + Send + Sync>;

impl Options {
    pub(super) const fn new() -> Self {
        let keys = Keys { only: None, hidden: Vec::new() };
        Options { in_flight: 1024, samples: 3, keys, fields: None }
    }
}
