use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use grpc_interceptor_runtime::{RpcKind, Side};

use super::{Metrics, of_method::OfMethod};

/// The user's own.
pub(super) type Labels = Vec<(&'static str, String)>;

/// All that is counted apart.
#[derive(Default)]
pub(super) struct Series {
    methods: RwLock<HashMap<Key, Arc<dyn OfMethod>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) side: Side,
    pub(super) kind: RpcKind,
    /// `None` if it isn't known which RPCs there are: anybody may make up a name.
    pub(super) path: Option<&'static str>,
    pub(super) labels: Labels,
}

impl Key {
    pub(super) fn new(side: Side, kind: RpcKind, path: &'static str, labels: Labels) -> Self {
        Key { side, kind, path: (kind != RpcKind::Unknown).then_some(path), labels }
    }
}

impl Series {
    pub(super) fn of(
        &self,
        mut key: Key,
        new: impl FnOnce(&Key) -> Arc<dyn OfMethod>,
    ) -> Arc<dyn OfMethod> {
        let known = self.methods.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&key) {
            return known.clone();
        }
        if known.len() >= Metrics::MAX_SERIES {
            for (_, value) in &mut key.labels {
                "other".clone_into(value);
            }
        }
        drop(known);
        let mut methods = self.methods.write().unwrap_or_else(PoisonError::into_inner);
        methods.entry(key).or_insert_with_key(new).clone()
    }
}
