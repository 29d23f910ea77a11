//! Samples of calls that have ended: for each class, the most recent ones and the slowest of the
//! older ones.

use std::{
    cmp::Reverse,
    collections::VecDeque,
    mem,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use grpc_interceptor_runtime::EndCause;

use super::{
    class::{CLASSES, Class},
    in_flight::{Details, Texts},
    nanos::nanos,
    text,
};

/// The most that are kept of each: recent and slowest.
const MOST: usize = 32;

/// Among successful calls, one recent sample per second is enough.
const PAUSE: Duration = Duration::from_secs(1);

/// Slow calls that ended longer ago than this don't count as slowest.
const LONG_AGO: Duration = Duration::from_secs(60 * 60);

/// The length in bytes at which a status message is cut.
const LONGEST_MESSAGE: usize = 1024;

#[derive(Clone, Default)]
pub(super) struct Sample {
    /// When the call ended, in nanoseconds since the page was created.
    pub(super) end: u64,
    pub(super) nanos: u64,
    pub(super) cause: Option<EndCause>,
    pub(super) message: String,
    pub(super) requests: u64,
    pub(super) responses: u64,
    /// `None` if the call wasn't listed while it was in flight.
    pub(super) deadline: Option<u64>,
    pub(super) peer: Option<SocketAddr>,
    /// Whether the fields above and the texts were recorded at its start.
    pub(super) is_whole: bool,
    pub(super) texts: Texts,
}

/// How a call ended.
pub(super) struct Ending<'a> {
    /// When, in nanoseconds since the page was created.
    pub(super) end: u64,
    pub(super) nanos: u64,
    pub(super) cause: EndCause,
    pub(super) message: Option<&'a str>,
    pub(super) requests: u64,
    pub(super) responses: u64,
}

/// The samples of a method.
pub(super) struct Samples {
    /// How many recent samples are kept, and how many slow ones.
    each: usize,
    gates: [Gate; CLASSES],
    kept: Mutex<[Kept; CLASSES]>,
}

/// The samples of a class.
struct Kept {
    /// The most recent one is at the back.
    last: VecDeque<Sample>,
    /// Of the calls that are no longer in `last`.
    slowest: Vec<Sample>,
}

/// Tells, without a lock, whether a call could be kept.
struct Gate {
    /// The time from which the next recent sample is kept.
    next: AtomicU64,
    /// Calls that took longer than this are among the slowest.
    slowest: AtomicU64,
}

impl Samples {
    pub(super) fn new(each: usize) -> Self {
        let gate = || Gate { next: AtomicU64::new(0), slowest: AtomicU64::new(0) };
        Samples {
            each: each.min(MOST),
            gates: std::array::from_fn(|_| gate()),
            kept: Mutex::new([const { Kept::new() }; CLASSES]),
        }
    }

    /// Returns whether a call that ended like this is worth keeping.
    #[inline]
    pub(super) fn wants(&self, class: Class, end: u64, nanos: u64) -> bool {
        let gate = &self.gates[class.number()];
        self.each > 0
            && (class.is_error()
                || end >= gate.next.load(Ordering::Relaxed)
                || nanos > gate.slowest.load(Ordering::Relaxed))
    }

    /// Keeps a call, replacing another one if there is no room. Does nothing while someone reads
    /// the samples or keeps another call.
    #[cold]
    pub(super) fn keep(&self, class: Class, ending: &Ending<'_>, details: Option<&mut Details>) {
        let Ok(mut kept) = self.kept.try_lock() else { return };
        let kept = &mut kept[class.number()];
        let mut sample = kept.make_room(self.each, ending.end);
        sample.note(ending, details);
        kept.last.push_back(sample);
        let gate = &self.gates[class.number()];
        gate.next.store(ending.end.saturating_add(nanos(PAUSE)), Ordering::Relaxed);
        gate.slowest.store(kept.to_be_slow(self.each, ending.end), Ordering::Relaxed);
    }

    /// Returns the samples of a class, most recent first.
    pub(super) fn of(&self, class: Class) -> Vec<Sample> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { last, slowest } = &kept[class.number()];
        let mut samples: Vec<_> = last.iter().rev().chain(slowest).cloned().collect();
        samples.sort_by_key(|sample| Reverse(sample.end));
        samples
    }
}

impl Kept {
    const fn new() -> Self {
        Kept { last: VecDeque::new(), slowest: Vec::new() }
    }

    /// Removes the oldest of the recent samples if they are full. It replaces one of the slowest if
    /// it is slower. Returns the sample that was evicted, so that its buffers can be reused.
    fn make_room(&mut self, each: usize, now: u64) -> Sample {
        if self.last.len() < each {
            return Sample::default();
        }
        let mut oldest = self.last.pop_front().unwrap_or_default();
        if self.slowest.len() < each {
            self.slowest.push(oldest);
            return Sample::default();
        }
        let least = self.slowest.iter_mut().min_by_key(|sample| sample.slowness(now));
        if let Some(least) = least.filter(|least| least.slowness(now) < oldest.slowness(now)) {
            mem::swap(least, &mut oldest);
        }
        oldest
    }

    /// Returns the duration that a call has to exceed to be one of the slowest. Zero if there is
    /// room.
    fn to_be_slow(&self, each: usize, now: u64) -> u64 {
        let is_full = self.slowest.len() == each;
        let least = self.slowest.iter().map(|sample| sample.slowness(now).0).min();
        least.filter(|_| is_full).unwrap_or(0)
    }
}

impl Sample {
    /// Orders samples by slowness. Among equals, the later one counts as slower.
    fn slowness(&self, now: u64) -> (u64, u64) {
        let is_recent = self.end.saturating_add(nanos(LONG_AGO)) > now;
        (if is_recent { self.nanos } else { 0 }, self.end)
    }

    fn note(&mut self, ending: &Ending<'_>, details: Option<&mut Details>) {
        self.end = ending.end;
        self.nanos = ending.nanos;
        self.cause = Some(ending.cause);
        self.message.clear();
        text::push_cut(&mut self.message, ending.message.unwrap_or(""), LONGEST_MESSAGE);
        (self.requests, self.responses) = (ending.requests, ending.responses);
        self.is_whole = details.is_some();
        match details {
            Some(details) => {
                (self.deadline, self.peer) = (details.deadline, details.peer);
                // The call's slot gets the buffers of the evicted sample.
                mem::swap(&mut self.texts, &mut details.texts);
            }
            None => {
                (self.deadline, self.peer) = (None, None);
                self.texts.metadata.clear();
                self.texts.fields.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use grpc_interceptor_runtime::EndCause;
    use tonic::Code;

    use super::{
        super::{class::Class, in_flight::Details},
        Ending, MOST, Samples,
    };

    const SECOND: u64 = 1_000_000_000;

    /// As `Handle::end` does. Returns whether the call was kept.
    fn end(samples: &Samples, code: Code, end: u64, nanos: u64) -> bool {
        let class = Class::of(code, nanos);
        let is_wanted = samples.wants(class, end, nanos);
        if is_wanted {
            let (cause, message) = (EndCause::Complete, Some("text"));
            let ending = Ending { end, nanos, cause, message, requests: 1, responses: 1 };
            samples.keep(class, &ending, Some(&mut Details::default()));
        }
        is_wanted
    }

    fn kept(samples: &Samples, code: Code, nanos: u64) -> Vec<(u64, u64)> {
        let of = samples.of(Class::of(code, nanos));
        of.into_iter().map(|sample| (sample.end, sample.nanos)).collect()
    }

    #[test]
    fn the_latest_and_the_slowest_of_a_code_are_kept() {
        let samples = Samples::new(2);
        for (at, nanos) in [5, 9, 1, 8, 2, 3, 4, 1].into_iter().enumerate() {
            assert!(end(&samples, Code::Internal, at as u64, nanos));
        }
        // Most recent first.
        assert_eq!(kept(&samples, Code::Internal, 0), [(7, 1), (6, 4), (3, 8), (1, 9)]);
        assert!(kept(&samples, Code::NotFound, 0).is_empty());
    }

    #[test]
    fn one_success_a_second_and_the_slowest_are_kept() {
        let samples = Samples::new(2);
        let kept_of = |range: std::ops::Range<u64>, nanos: u64| {
            let at = |call| 10 * SECOND + call * SECOND / 1000;
            range.filter(|call| end(&samples, Code::Ok, at(*call), nanos)).count()
        };
        // Two recent ones and two slow ones, while there is room.
        assert_eq!(kept_of(0..1001, 20_000), 4);
        assert_eq!(kept_of(1001..1900, 20_000), 1);
        assert_eq!(kept_of(1900..1901, 30_000), 1);
        assert_eq!(kept_of(3000..3999, 20_000), 1);
        // Another bucket is independent.
        assert_eq!(kept_of(3000..3999, 200_000), 4);
        assert_eq!(kept(&samples, Code::Ok, 20_000).len(), 4);
    }

    #[test]
    fn old_slow_calls_make_room() {
        let samples = Samples::new(1);
        end(&samples, Code::Ok, 0, 90_000);
        end(&samples, Code::Ok, 2 * SECOND, 20_000);
        end(&samples, Code::Ok, 4 * SECOND, 20_000);
        assert_eq!(kept(&samples, Code::Ok, 20_000), [(4 * SECOND, 20_000), (0, 90_000)]);
        let later = Duration::from_secs(2 * 60 * 60).as_nanos() as u64;
        end(&samples, Code::Ok, later, 30_000);
        end(&samples, Code::Ok, later + 2 * SECOND, 20_000);
        let now = kept(&samples, Code::Ok, 20_000);
        assert_eq!(now, [(later + 2 * SECOND, 20_000), (later, 30_000)]);
    }

    #[test]
    fn a_slow_call_is_kept_when_many_fast_ones_follow() {
        let samples = Samples::new(3);
        for at in 0..1000 {
            end(&samples, Code::Internal, at, if at % 100 == 50 { 1000 + at } else { at % 7 });
        }
        let kept = kept(&samples, Code::Internal, 0);
        assert_eq!(kept[..3], [(999, 5), (998, 4), (997, 3)]);
        assert_eq!(kept[3..], [(950, 1950), (850, 1850), (750, 1750)]);
    }

    #[test]
    fn the_number_of_samples_is_capped() {
        let samples = Samples::new(usize::MAX);
        (0..1000).for_each(|at| assert!(end(&samples, Code::Internal, at, at)));
        assert_eq!(kept(&samples, Code::Internal, 0).len(), 2 * MOST);
    }

    #[test]
    fn no_samples_are_kept_if_none_are_wanted() {
        let samples = Samples::new(0);
        assert!(!end(&samples, Code::Internal, 0, 5));
        assert!(kept(&samples, Code::Internal, 5).is_empty());
    }
}
