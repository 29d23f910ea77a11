//! The methods, in a table that only grows and is read without a lock.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use grpc_interceptor_runtime::{Context, RpcKind, Side};

use super::{
    in_flight::InFlight,
    method::{Handle, Handles, Key, Method},
    shard,
};
use crate::made_up::is_made_up;

/// The name of the row for methods that a layer doesn't know: callers can make up names.
pub(super) const OTHER: &str = "other";

const PLACES: usize = 1024;
/// How many slots are used, so that a search stays short.
const MOST: usize = PLACES / 4 * 3;

pub(super) struct Methods {
    /// How many samples each method keeps.
    samples: usize,
    in_flight: Arc<InFlight>,
    table: Box<[OnceLock<Entry>]>,
    is_full: AtomicBool,
    /// One for the server and one for the client.
    others: [OnceLock<Handles>; 2],
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    methods: Vec<Arc<Method>>,
    used: usize,
}

/// Names live forever, so they are found by address. The same name can exist at several addresses.
struct Entry {
    key: Key,
    handles: Handles,
}

fn is_at(entry: &Entry, key: Key) -> bool {
    std::ptr::eq(entry.key.name, key.name)
        && entry.key.side == key.side
        && entry.key.kind == key.kind
}

impl Methods {
    pub(super) fn new(samples: usize, in_flight: Arc<InFlight>) -> Self {
        Methods {
            samples,
            in_flight,
            table: (0..PLACES).map(|_| OnceLock::new()).collect(),
            is_full: AtomicBool::new(false),
            others: Default::default(),
            list: Mutex::default(),
        }
    }

    /// Returns the handle of a call's method, for this thread.
    pub(super) fn of(&self, context: &Context, now: u64) -> &Arc<Handle> {
        let (side, kind) = (context.side(), context.kind());
        let handles = match is_made_up(side, kind) {
            true => self.other(side, now),
            false => self.find(Key { side, kind, name: context.method_name().path() }, now),
        };
        &handles[shard::of_thread() & (handles.len() - 1)]
    }

    fn find(&self, key: Key, now: u64) -> &Handles {
        for place in self.places(key) {
            match place.get() {
                Some(entry) if is_at(entry, key) => return &entry.handles,
                Some(_) => {}
                None => break,
            }
        }
        match self.is_full.load(Ordering::Relaxed) {
            true => self.other(key.side, now),
            false => self.insert(key, now),
        }
    }

    /// The slots where the key can be, in probing order.
    fn places(&self, key: Key) -> impl Iterator<Item = &OnceLock<Entry>> {
        let address = key.name.as_ptr() as usize as u64;
        // Fibonacci hashing: the upper bits depend on all bits of the address.
        let hash = (address ^ key.side as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        (0..PLACES).map(move |step| &self.table[(hash as usize + step) % PLACES])
    }

    /// Runs once for each address of a name. Concurrent callers wait.
    #[cold]
    fn insert(&self, key: Key, now: u64) -> &Handles {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.used == MOST {
            self.is_full.store(true, Ordering::Relaxed);
            drop(list);
            return self.other(key.side, now);
        }
        for place in self.places(key) {
            let is_new = place.get().is_none();
            let entry = place.get_or_init(|| {
                let known = list.methods.iter().find(|method| method.key == key).cloned();
                let method = known.unwrap_or_else(|| list.add(key, self.samples, now));
                Entry { key, handles: Handle::all(&method, &self.in_flight) }
            });
            if is_at(entry, key) {
                list.used += usize::from(is_new);
                return &entry.handles;
            }
        }
        unreachable!("a quarter of the slots is free");
    }

    fn other(&self, side: Side, now: u64) -> &Handles {
        self.others[side as usize].get_or_init(|| {
            let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
            let key = Key { side, kind: RpcKind::Unknown, name: OTHER };
            Handle::all(&list.add(key, self.samples, now), &self.in_flight)
        })
    }

    /// Returns all methods, in the order in which they were first called.
    pub(super) fn list(&self) -> Vec<Arc<Method>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).methods.clone()
    }
}

impl List {
    fn add(&mut self, key: Key, samples: usize, now: u64) -> Arc<Method> {
        let method = Arc::new(Method::new(key, self.methods.len(), samples, now));
        self.methods.push(method.clone());
        method
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use grpc_interceptor_runtime::{RpcKind, Side};

    use super::{super::in_flight::InFlight, Key, MOST, Methods, OTHER};

    fn key(name: &'static str) -> Key {
        Key { side: Side::Server, kind: RpcKind::Unary, name }
    }

    fn leak(name: String) -> &'static str {
        name.leak()
    }

    #[test]
    fn a_name_at_two_addresses_is_one_method() {
        let methods = Methods::new(1, Arc::new(InFlight::new(1)));
        let (one, other) = (leak("/a/b".to_owned()), leak("/a/b".to_owned()));
        assert!(!std::ptr::eq(one, other));
        let first = methods.find(key(one), 0)[0].method.clone();
        assert_eq!(methods.find(key(other), 0)[0].method.number, first.number);
        assert_eq!(methods.find(key(one), 0)[0].method.number, first.number);
        // The same name on the other side is another method.
        let on_client = Key { side: Side::Client, ..key(one) };
        assert_ne!(methods.find(on_client, 0)[0].method.number, first.number);
        assert_eq!(methods.list().len(), 2);
    }

    #[test]
    fn the_number_of_methods_is_bounded() {
        let methods = Methods::new(1, Arc::new(InFlight::new(1)));
        for number in 0..2 * MOST {
            methods.find(key(leak(format!("/a/{number}"))), 0);
        }
        let list = methods.list();
        assert_eq!(list.len(), MOST + 1);
        assert_eq!(list[MOST].key.name, OTHER);
    }
}
