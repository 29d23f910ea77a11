use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    class::{CLASSES, Class},
    histogram::{Counts, Histogram},
};

/// The counters of a method, in one shard.
#[repr(align(128))]
pub(super) struct Counters {
    started: AtomicU64,
    requests: AtomicU64,
    responses: AtomicU64,
    ended: [AtomicU64; CLASSES],
    times: Histogram,
}

impl Counters {
    pub(super) const fn new() -> Self {
        Counters {
            started: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            responses: AtomicU64::new(0),
            ended: [const { AtomicU64::new(0) }; CLASSES],
            times: Histogram::new(),
        }
    }

    pub(super) fn start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn response(&self) {
        self.responses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self, class: Class, nanos: u64) {
        self.times.record(nanos);
        // A reader that sees the end also sees the start.
        self.ended[class.number()].fetch_add(1, Ordering::Release);
    }
}

/// The sum over all shards, at one point in time.
#[derive(Clone)]
pub(super) struct Totals {
    pub(super) started: u64,
    pub(super) requests: u64,
    pub(super) responses: u64,
    ended: [u64; CLASSES],
    pub(super) times: Counts,
}

impl Totals {
    pub(super) const fn new() -> Self {
        Totals { started: 0, requests: 0, responses: 0, ended: [0; CLASSES], times: Counts::new() }
    }

    pub(super) fn of(shards: &[Counters]) -> Self {
        let mut totals = Totals::new();
        // Read the ends before the starts. A call that starts and ends in between then counts as in
        // flight, and the number in flight never drops below zero.
        for shard in shards {
            for (sum, count) in totals.ended.iter_mut().zip(&shard.ended) {
                *sum += count.load(Ordering::Acquire);
            }
            totals.times.add(&shard.times);
        }
        for shard in shards {
            totals.started += shard.started.load(Ordering::Relaxed);
            totals.requests += shard.requests.load(Ordering::Relaxed);
            totals.responses += shard.responses.load(Ordering::Relaxed);
        }
        totals
    }

    pub(super) fn of_class(&self, class: Class) -> u64 {
        self.ended[class.number()]
    }

    pub(super) fn ok(&self) -> u64 {
        Class::all().filter(|class| !class.is_error()).map(|class| self.of_class(class)).sum()
    }

    pub(super) fn errors(&self) -> u64 {
        Class::all().filter(|class| class.is_error()).map(|class| self.of_class(class)).sum()
    }

    pub(super) fn ended(&self) -> u64 {
        self.ended.iter().sum()
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ended())
    }
}
