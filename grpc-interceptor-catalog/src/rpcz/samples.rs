//! Calls that have ended, of which some are kept: of each class the last, and the slowest of those before them.

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

/// So many of the last are kept at most, and as many of the slowest.
const MOST: usize = 32;

/// Of the calls that succeed, one a second is enough of the last ones.
const PAUSE: Duration = Duration::from_secs(1);

/// Who was slow longer ago isn't one of the slowest any more.
const LONG_AGO: Duration = Duration::from_secs(60 * 60);

/// A status's text is cut after so many bytes.
const LONGEST_MESSAGE: usize = 1024;

#[derive(Clone, Default)]
pub(super) struct Sample {
    /// When it ended, in nanoseconds from when the page began.
    pub(super) end: u64,
    pub(super) nanos: u64,
    pub(super) cause: Option<EndCause>,
    pub(super) message: String,
    pub(super) requests: u64,
    pub(super) responses: u64,
    /// `None` if the call wasn't listed while it was in flight.
    pub(super) deadline: Option<u64>,
    pub(super) peer: Option<SocketAddr>,
    /// If what is above and the texts were kept at its start.
    pub(super) is_whole: bool,
    pub(super) texts: Texts,
}

/// How a call ended.
pub(super) struct Ending<'a> {
    /// When, in nanoseconds from when the page began.
    pub(super) end: u64,
    pub(super) nanos: u64,
    pub(super) cause: EndCause,
    pub(super) message: Option<&'a str>,
    pub(super) requests: u64,
    pub(super) responses: u64,
}

/// The samples of a method.
pub(super) struct Samples {
    /// How many of the last, and how many of the slowest.
    each: usize,
    gates: [Gate; CLASSES],
    kept: Mutex<[Kept; CLASSES]>,
}

/// The samples of a class.
struct Kept {
    /// The last of them at the back.
    last: VecDeque<Sample>,
    /// Of those that aren't one of the last any more.
    slowest: Vec<Sample>,
}

/// Tells, without a lock, if a call may be kept.
struct Gate {
    /// From when on the next of the last ones is kept.
    next: AtomicU64,
    /// Who took longer is one of the slowest.
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

    /// Whether a call that ended like this is worth keeping.
    #[inline]
    pub(super) fn wants(&self, class: Class, end: u64, nanos: u64) -> bool {
        let gate = &self.gates[class.number()];
        self.each > 0
            && (class.is_error()
                || end >= gate.next.load(Ordering::Relaxed)
                || nanos > gate.slowest.load(Ordering::Relaxed))
    }

    /// Keeps a call, in place of another if there is no room. Not if somebody reads the samples just then, or keeps a
    /// call.
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

    /// Those of a class, the last first.
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

    /// Takes out the oldest of the last, if there are as many as may be. If it is slower than one of the slowest, it
    /// takes that one's place. Returns what has no place any more: its buffers are used again.
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

    /// Who took longer is one of the slowest. Zero if there is room.
    fn to_be_slow(&self, each: usize, now: u64) -> u64 {
        let is_full = self.slowest.len() == each;
        let least = self.slowest.iter().map(|sample| sample.slowness(now).0).min();
        least.filter(|_| is_full).unwrap_or(0)
    }
}

impl Sample {
    /// The slower, the more. Of those that are alike, the later.
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
                // The call's place gets the buffers of who was here before.
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

    /// As a method does it. Returns if it was kept.
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
    fn the_last_and_the_slowest_of_a_code_are_kept() {
        let samples = Samples::new(2);
        for (at, nanos) in [5, 9, 1, 8, 2, 3, 4, 1].into_iter().enumerate() {
            assert!(end(&samples, Code::Internal, at as u64, nanos));
        }
        // The last first.
        assert_eq!(kept(&samples, Code::Internal, 0), [(7, 1), (6, 4), (3, 8), (1, 9)]);
        assert!(kept(&samples, Code::NotFound, 0).is_empty());
    }

    #[test]
    fn of_those_that_succeed_one_a_second_and_the_slowest() {
        let samples = Samples::new(2);
        let kept_of = |range: std::ops::Range<u64>, nanos: u64| {
            let at = |call| 10 * SECOND + call * SECOND / 1000;
            range.filter(|call| end(&samples, Code::Ok, at(*call), nanos)).count()
        };
        // Two of the last and two of the slowest, while there is room.
        assert_eq!(kept_of(0..1001, 20_000), 4);
        assert_eq!(kept_of(1001..1900, 20_000), 1);
        assert_eq!(kept_of(1900..1901, 30_000), 1);
        assert_eq!(kept_of(3000..3999, 20_000), 1);
        // Another bucket is for itself.
        assert_eq!(kept_of(3000..3999, 200_000), 4);
        assert_eq!(kept(&samples, Code::Ok, 20_000).len(), 4);
    }

    #[test]
    fn who_was_slow_long_ago_makes_room() {
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
    fn not_more_are_kept_than_that_however_many_are_asked_for() {
        let samples = Samples::new(usize::MAX);
        (0..1000).for_each(|at| assert!(end(&samples, Code::Internal, at, at)));
        assert_eq!(kept(&samples, Code::Internal, 0).len(), 2 * MOST);
    }

    #[test]
    fn none_are_kept_if_none_are_asked_for() {
        let samples = Samples::new(0);
        assert!(!end(&samples, Code::Internal, 0, 5));
        assert!(kept(&samples, Code::Internal, 5).is_empty());
    }
}
