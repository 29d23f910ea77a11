use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use grpc_interceptor_runtime::{RpcKind, Side};
#[cfg(feature = "opentelemetry")]
use opentelemetry::KeyValue;

use super::{Metrics, of_method::OfMethod};
use crate::made_up::is_made_up;

/// The user's labels.
pub(super) type Labels = Vec<(&'static str, String)>;

/// All series that are counted separately.
#[derive(Default)]
pub(super) struct Series {
    methods: RwLock<HashMap<Key, Arc<dyn OfMethod>>>,
}

#[derive(Clone, Eq)]
pub(super) struct Key {
    pub(super) side: Side,
    pub(super) kind: RpcKind,
    /// `None` for RPCs that are counted together, because callers can make up their names.
    pub(super) path: Option<&'static str>,
    pub(super) labels: Labels,
}

impl Key {
    pub(super) fn new(side: Side, kind: RpcKind, path: &'static str, labels: Labels) -> Self {
        Key { side, kind, path: (!is_made_up(side, kind)).then_some(path), labels }
    }

    /// Replaces the label values when there are too many series, and the name when there are far
    /// too many.
    fn with_room(mut self, known: usize) -> Self {
        if known >= Metrics::MAX_SERIES {
            for (_, value) in &mut self.labels {
                "other".clone_into(value);
            }
        }
        if known >= 2 * Metrics::MAX_SERIES {
            (self.path, self.kind) = (None, RpcKind::Unknown);
        }
        self
    }
}

/// Names live forever, so they are compared by address: hashing the text of each call's name would
/// take longer than counting the call. The same name can exist at several addresses, and has a key
/// for each.
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

#[cfg(feature = "opentelemetry")]
impl Key {
    /// Appends the client's target and the user's labels to these attributes.
    pub(super) fn attributes(
        &self,
        mut attributes: Vec<KeyValue>,
        target: &[KeyValue],
    ) -> Vec<KeyValue> {
        attributes.extend_from_slice(target);
        let own = self.labels.iter().map(|(name, value)| KeyValue::new(*name, value.clone()));
        attributes.extend(own);
        attributes
    }
}

impl Key {
    /// Compares names by text rather than by address.
    fn is_same_as(&self, other: &Self) -> bool {
        (self.side, self.kind, self.path) == (other.side, other.kind, other.path)
            && self.labels == other.labels
    }

    fn address(&self) -> usize {
        self.path.map_or(0, |path| path.as_ptr() as usize)
    }
}

impl Series {
    pub(super) fn of(
        &self,
        key: Key,
        new: impl FnOnce(&Key) -> Arc<dyn OfMethod>,
    ) -> Arc<dyn OfMethod> {
        let known = self.methods.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&key) {
            return known.clone();
        }
        let key = key.with_room(known.len());
        if let Some(known) = known.get(&key) {
            return known.clone();
        }
        let elsewhere = known.iter().find(|(known, _)| known.is_same_as(&key));
        let elsewhere = elsewhere.map(|(_, method)| method.clone());
        drop(known);
        // Before the lock is taken: this also runs exporter code.
        let new = elsewhere.unwrap_or_else(|| new(&key));
        let mut methods = self.methods.write().unwrap_or_else(PoisonError::into_inner);
        methods.entry(key).or_insert(new).clone()
    }
}
