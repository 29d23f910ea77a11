use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
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

#[derive(Clone, Eq)]
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

/// A name is for ever, so it is told by its address: to hash the text of each call's would take longer than to count it. The
/// same name may be at several addresses. Then there are as many of these, which count in the same place.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
            && (self.side, self.kind) == (other.side, other.kind)
            && self.labels == other.labels
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.address());
        if !self.labels.is_empty() {
            self.labels.hash(state);
        }
    }
}

impl Key {
    fn address(&self) -> usize {
        self.path.map_or(0, |path| path.as_ptr() as usize)
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
