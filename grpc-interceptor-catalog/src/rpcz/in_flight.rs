//! The list of calls in flight, as far as there is room. Slots are claimed and released with
//! atomics, so no call waits. A slot keeps its text buffers, so the next call in it allocates
//! nothing.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::shard;

const PLACES: usize = 64;

/// The slots, in chunks that are allocated on demand.
pub(super) struct InFlight {
    chunks: Box<[OnceLock<Box<Chunk>>]>,
}

/// Threads start at different chunks, so they rarely write to the same word.
#[repr(align(128))]
struct Chunk {
    /// One bit for each slot that is taken.
    taken: AtomicU64,
    places: [Place; PLACES],
}

struct Place {
    is_live: AtomicBool,
    /// Identifies the call that owns the slot: a counter.
    call: AtomicU64,
    requests: Count,
    responses: Count,
    details: Mutex<Details>,
}

/// What is known when a call starts.
#[derive(Clone, Default)]
pub(super) struct Details {
    /// The method's index in the list of methods.
    pub(super) method: usize,
    /// In nanoseconds since the page was created.
    pub(super) start: u64,
    /// How long the caller is willing to wait, in nanoseconds.
    pub(super) deadline: Option<u64>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) texts: Texts,
}

/// The parts that need a buffer.
#[derive(Clone, Default)]
pub(super) struct Texts {
    /// One line per entry: `key: value`.
    pub(super) metadata: String,
    pub(super) fields: String,
}

/// A call on the list.
pub(super) struct Listed {
    /// Identifies the call.
    pub(super) key: u64,
    pub(super) details: Details,
    pub(super) requests: u64,
    pub(super) responses: u64,
}

/// A call's slot. Packed into one number, so that it can be released while the call's messages are
/// still passing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Claim {
    place: u16,
    call: u64,
}

impl Claim {
    /// The number of bits that identify a call. For two calls to be confused, a message would have
    /// to pass exactly when 2^24 later calls have used its slot.
    const CALL_BITS: u32 = 24;
    const NONE: u64 = u64::MAX;

    pub(super) fn pack(claim: Option<Claim>) -> u64 {
        claim.map_or(Self::NONE, |claim| (u64::from(claim.place) << 32) | claim.call)
    }

    pub(super) fn unpack(packed: u64) -> Option<Claim> {
        let call = packed & ((1 << Self::CALL_BITS) - 1);
        (packed != Self::NONE).then_some(Claim { place: (packed >> 32) as u16, call })
    }
}

/// Counts the messages of one call. The rest of a request stream can still arrive after the call
/// has ended and another one owns the slot. So the owner of the count is stored in the same word.
struct Count(AtomicU64);

impl Count {
    const BITS: u32 = u64::BITS - Claim::CALL_BITS;

    fn begin(&self, call: u64) {
        self.0.store(call << Self::BITS, Ordering::Relaxed);
    }

    fn add(&self, call: u64) {
        let one_more = |count: u64| (count >> Self::BITS == call).then_some(count + 1);
        // If another call owns the slot by now, there is nothing to count.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
    }

    /// For a single writer that doesn't count after its call has ended.
    fn add_alone(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed) & ((1 << Self::BITS) - 1)
    }
}

impl Place {
    /// Returns the slot's call, for the page. `None` if it has ended or isn't written yet.
    fn read(&self) -> Option<(u64, MutexGuard<'_, Details>)> {
        let details = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        let is_live = self.is_live.load(Ordering::Acquire);
        is_live.then(|| (self.call.load(Ordering::Relaxed), details))
    }
}

impl Chunk {
    fn new() -> Box<Self> {
        let place = || Place {
            is_live: AtomicBool::new(false),
            call: AtomicU64::new(0),
            requests: Count(AtomicU64::new(0)),
            responses: Count(AtomicU64::new(0)),
            details: Mutex::default(),
        };
        Box::new(Chunk { taken: AtomicU64::new(0), places: std::array::from_fn(|_| place()) })
    }

    /// Takes a free slot.
    fn take(&self) -> Option<usize> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            let free = taken.trailing_ones();
            if free == u64::BITS {
                return None;
            }
            taken = self.taken.fetch_or(1 << free, Ordering::Acquire);
            if taken & (1 << free) == 0 {
                return Some(free as usize);
            }
        }
    }

    fn give_back(&self, place: usize) {
        self.taken.fetch_and(!(1 << place), Ordering::Release);
    }
}

impl InFlight {
    /// Has room for this many calls, rounded up to whole chunks.
    pub(super) fn new(calls: usize) -> Self {
        // A claim has sixteen bits for its slot.
        let chunks = calls.div_ceil(PLACES).min(1 << 10);
        InFlight { chunks: (0..chunks).map(|_| OnceLock::new()).collect() }
    }

    /// Lists a call, if there is room and the page isn't reading the slot.
    pub(super) fn claim(&self, note: impl FnOnce(&mut Details)) -> Option<Claim> {
        let chunks = self.chunks.len();
        // A thread usually needs fewer slots than a chunk has. When its chunk is full, it tries the
        // next ones.
        let first = if chunks == 0 { 0 } else { shard::of_thread() % chunks };
        let found = (first..chunks).chain(0..first).find_map(|number| {
            let chunk = self.chunks[number].get_or_init(Chunk::new);
            Some((number, chunk, chunk.take()?))
        });
        let (number, chunk, at) = found?;
        let place = &chunk.places[at];
        let Ok(mut details) = place.details.try_lock() else {
            chunk.give_back(at);
            return None;
        };
        note(&mut details);
        let call = (place.call.load(Ordering::Relaxed) + 1) & ((1 << Claim::CALL_BITS) - 1);
        place.call.store(call, Ordering::Relaxed);
        place.requests.begin(call);
        place.responses.begin(call);
        place.is_live.store(true, Ordering::Release);
        Some(Claim { place: (number * PLACES + at) as u16, call })
    }

    fn find(&self, claim: Claim) -> Option<(&Chunk, usize)> {
        let place = usize::from(claim.place);
        Some((self.chunks[place / PLACES].get()?, place % PLACES))
    }

    pub(super) fn request(&self, claim: Claim) {
        if let Some((chunk, at)) = self.find(claim) {
            chunk.places[at].requests.add(claim.call);
        }
    }

    /// Responses of a call never pass concurrently, nor after the call's end.
    pub(super) fn response(&self, claim: Claim) {
        if let Some((chunk, at)) = self.find(claim) {
            chunk.places[at].responses.add_alone();
        }
    }

    /// Takes a call off the list and returns its details: from then on, readers no longer see them
    /// as this call's. `None` while someone is reading them.
    pub(super) fn take_off(&self, claim: Claim) -> Option<MutexGuard<'_, Details>> {
        let (chunk, at) = self.find(claim)?;
        let place = &chunk.places[at];
        let details = place.details.try_lock().ok()?;
        place.is_live.store(false, Ordering::Release);
        Some(details)
    }

    /// Takes a call off the list, if it is still there, and frees its slot. Called once for each
    /// claim.
    pub(super) fn give_back(&self, claim: Claim) {
        if let Some((chunk, at)) = self.find(claim) {
            chunk.places[at].is_live.store(false, Ordering::Release);
            chunk.give_back(at);
        }
    }

    /// Returns up to `most` of the listed calls to these methods, oldest first. The calls don't
    /// wait for this.
    pub(super) fn list(&self, most: usize, is_wanted: impl Fn(usize) -> bool) -> Vec<Listed> {
        let mut starts = self.starts(is_wanted);
        starts.sort_unstable_by_key(|(start, _)| *start);
        starts.into_iter().take(most).filter_map(|(_, claim)| self.listed(claim)).collect()
    }

    /// Returns when the listed calls to these methods started.
    fn starts(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<(u64, Claim)> {
        let mut starts = Vec::new();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let Some(chunk) = chunk.get() else { continue };
            let taken = chunk.taken.load(Ordering::Relaxed);
            for (at, place) in chunk.places.iter().enumerate() {
                if taken >> at & 1 == 0 {
                    continue;
                }
                let Some((call, details)) = place.read() else { continue };
                if is_wanted(details.method) {
                    let place = (number * PLACES + at) as u16;
                    starts.push((details.start, Claim { place, call }));
                }
            }
        }
        starts
    }

    /// Returns a copy of a call's details. `None` if the call has ended.
    fn listed(&self, claim: Claim) -> Option<Listed> {
        let (chunk, at) = self.find(claim)?;
        let place = &chunk.places[at];
        let (call, details) = place.read()?;
        (call == claim.call).then(|| Listed {
            key: Claim::pack(Some(claim)),
            details: details.clone(),
            requests: place.requests.get(),
            responses: place.responses.get(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::{Claim, InFlight, Listed};

    fn all(in_flight: &InFlight) -> Vec<Listed> {
        in_flight.list(usize::MAX, |_| true)
    }

    #[test]
    fn a_claim_packs_into_one_number() {
        for claim in [
            None,
            Some(Claim { place: 65_535, call: 0xff_ffff }),
            Some(Claim { place: 0, call: 0 }),
        ] {
            assert_eq!(Claim::unpack(Claim::pack(claim)), claim);
        }
    }

    #[test]
    fn there_is_room_for_exactly_that_many_calls() {
        let in_flight = InFlight::new(128);
        let claims: Vec<_> =
            (0..10_000).map(|start| in_flight.claim(|of| of.start = start)).collect();
        assert!(claims[..128].iter().all(Option::is_some));
        assert!(claims[128..].iter().all(Option::is_none));
        let starts: Vec<_> = all(&in_flight).iter().map(|of| of.details.start).collect();
        assert_eq!(starts, (0..128).collect::<Vec<_>>());
        claims.into_iter().flatten().for_each(|claim| in_flight.give_back(claim));
        assert!(all(&in_flight).is_empty());
        assert!(in_flight.claim(|_| {}).is_some());
        assert!(InFlight::new(0).claim(|_| {}).is_none());
    }

    #[test]
    fn the_oldest_of_the_wanted_methods_are_listed() {
        let in_flight = InFlight::new(64);
        for start in [5, 1, 4, 2, 3, 0] {
            in_flight.claim(|of| (of.start, of.method) = (start, start as usize % 2)).unwrap();
        }
        let starts = |most, method| -> Vec<_> {
            let list = in_flight.list(most, |of| of == method);
            list.iter().map(|of| of.details.start).collect()
        };
        assert_eq!(starts(2, 1), [1, 3]);
        assert_eq!(starts(100, 0), [0, 2, 4]);
        assert!(starts(0, 0).is_empty());
    }

    #[test]
    fn a_call_whose_texts_were_taken_is_no_longer_listed() {
        let in_flight = InFlight::new(1);
        let claim = in_flight.claim(|of| of.texts.metadata.push_str("its own")).unwrap();
        // A sample takes the texts and leaves another call's in their place.
        in_flight.take_off(claim).unwrap().texts.metadata = "of another call".to_owned();
        assert!(all(&in_flight).is_empty());
        in_flight.give_back(claim);
    }

    #[test]
    fn late_messages_arent_counted_for_another_call() {
        let in_flight = InFlight::new(1);
        let first = in_flight.claim(|_| {}).unwrap();
        in_flight.request(first);
        in_flight.give_back(first);
        let second = in_flight.claim(|_| {}).unwrap();
        assert_eq!(second.place, first.place);
        in_flight.request(first);
        in_flight.request(second);
        in_flight.response(second);
        let [listed] = &all(&in_flight)[..] else { panic!("one is listed") };
        assert_eq!((listed.requests, listed.responses), (1, 1));
    }

    #[test]
    fn calls_dont_wait_for_readers() {
        let in_flight = InFlight::new(1);
        let claim = in_flight.claim(|_| {}).unwrap();
        let reader = in_flight.take_off(claim).unwrap();
        assert!(in_flight.take_off(claim).is_none());
        in_flight.give_back(claim);
        assert!(in_flight.claim(|_| {}).is_none());
        drop(reader);
        assert!(in_flight.claim(|_| {}).is_some());
    }

    #[test]
    fn threads_dont_share_slots() {
        let (in_flight, start) = (InFlight::new(256), Barrier::new(4));
        thread::scope(|scope| {
            for thread in 0..4 {
                let (in_flight, start) = (&in_flight, &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..10_000 {
                        let claim = in_flight.claim(|of| of.method = thread).unwrap();
                        in_flight.request(claim);
                        assert_eq!(in_flight.take_off(claim).unwrap().method, thread);
                        in_flight.give_back(claim);
                    }
                });
            }
        });
        assert!(all(&in_flight).is_empty());
    }
}
