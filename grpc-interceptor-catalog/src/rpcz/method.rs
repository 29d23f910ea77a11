use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use grpc_interceptor_runtime::{CallEnd, RpcKind, Side};
use tonic::Status;

use super::{
    class::Class,
    counters::{Counters, Totals},
    in_flight::{Claim, InFlight},
    nanos::nanos,
    rates::{Rates, window_at},
    samples::{Ending, Samples},
    shard,
};

/// An RPC on one side. Names live forever, and there are few of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) side: Side,
    pub(super) kind: RpcKind,
    pub(super) name: &'static str,
}

/// What is known about the calls of a method.
pub(super) struct Method {
    pub(super) key: Key,
    /// Its index in the list of methods.
    pub(super) number: usize,
    shards: Box<[Counters]>,
    /// The latest window that the rates have started.
    window: AtomicU64,
    rates: Mutex<Rates>,
    pub(super) samples: Samples,
}

impl Method {
    pub(super) fn new(key: Key, number: usize, samples: usize, now: u64) -> Self {
        let window = window_at(now);
        Method {
            key,
            number,
            shards: (0..shard::how_many()).map(|_| Counters::new()).collect(),
            window: AtomicU64::new(window),
            rates: Mutex::new(Rates::new(window)),
            samples: Samples::new(samples),
        }
    }

    pub(super) fn totals(&self) -> Totals {
        Totals::of(&self.shards)
    }

    /// Reads the totals and the rates at this time.
    pub(super) fn read<T>(&self, now: u64, read: impl FnOnce(&Totals, &Rates) -> T) -> T {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        self.begin(&mut rates, window_at(now));
        read(&self.totals(), &rates)
    }

    fn begin(&self, rates: &mut Rates, window: u64) {
        rates.begin(window, || self.totals());
        self.window.fetch_max(window, Ordering::Relaxed);
    }

    /// The first call to end in a window closes the previous window. If the rates are being read
    /// just then, the next call does.
    #[cold]
    fn try_begin(&self, window: u64) {
        if let Ok(mut rates) = self.rates.try_lock() {
            self.begin(&mut rates, window);
        }
    }
}

/// A thread's reference to a method. Each call holds one, and threads that update the same
/// reference count slow each other down. So there is one for each shard.
#[repr(align(128))]
pub(super) struct Handle {
    pub(super) method: Arc<Method>,
    pub(super) in_flight: Arc<InFlight>,
    shard: usize,
}

impl Handle {
    /// Creates one for each shard.
    pub(super) fn all(method: &Arc<Method>, in_flight: &Arc<InFlight>) -> Handles {
        let handle = |shard| {
            let (method, in_flight) = (method.clone(), in_flight.clone());
            Arc::new(Handle { method, in_flight, shard })
        };
        (0..method.shards.len()).map(handle).collect()
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.method.shards[self.shard]
    }

    /// Records that a call has ended at this time.
    pub(super) fn end(&self, now: u64, end: &CallEnd<'_>, claim: Option<Claim>) {
        let nanos = nanos(end.elapsed());
        let class = Class::of(end.code(), nanos);
        let window = window_at(now);
        if self.method.window.load(Ordering::Relaxed) < window {
            self.method.try_begin(window);
        }
        self.counters().end(class, nanos);
        if self.method.samples.wants(class, now, nanos) {
            let mut details = claim.and_then(|claim| self.in_flight.take_off(claim));
            let ending = Ending {
                end: now,
                nanos,
                cause: end.cause(),
                message: end.status().map(Status::message),
                requests: end.request_messages(),
                responses: end.response_messages(),
            };
            self.method.samples.keep(class, &ending, details.as_deref_mut());
        }
        if let Some(claim) = claim {
            self.in_flight.give_back(claim);
        }
    }
}

/// The handles of a method, indexed by shard.
pub(super) type Handles = Box<[Arc<Handle>]>;
