//! Calls that have ended, of which some are kept: of each class the last and the slowest.

use std::{
    mem,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use grpc_interceptor_runtime::{CallEnd, EndCause};

use super::{
    class::{CLASSES, Class},
    in_flight::{Details, Texts},
    text,
};

/// Of the calls that succeed, one a second is enough of the last ones.
const PAUSE: Duration = Duration::from_secs(1);

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

/// The samples of a method.
pub(super) struct Samples {
    /// How many of the last, and how many of the slowest.
    each: usize,
    gates: [Gate; CLASSES],
    kept: Mutex<[Vec<Sample>; CLASSES]>,
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
            each,
            gates: std::array::from_fn(|_| gate()),
            kept: Mutex::new([const { Vec::new() }; CLASSES]),
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

    /// Keeps a call in place of one that is neither of the last nor of the slowest. Not if somebody reads them just
    /// then, or keeps one.
    #[cold]
    pub(super) fn keep(
        &self,
        class: Class,
        end_at: u64,
        end: &CallEnd<'_>,
        details: Option<&mut Details>,
    ) {
        let Ok(mut kept) = self.kept.try_lock() else { return };
        let kept = &mut kept[class.number()];
        if kept.len() < 2 * self.each {
            kept.push(Sample::default());
        } else if let Some(least) = least(kept, self.each) {
            // To the end: in order of their ends.
            kept[least..].rotate_left(1);
        }
        let Some(sample) = kept.last_mut() else { return };
        let nanos = end.elapsed().as_nanos() as u64;
        sample.end = end_at;
        sample.nanos = nanos;
        sample.cause = Some(end.cause());
        sample.message.clear();
        if let Some(status) = end.status() {
            text::push_cut(&mut sample.message, status.message(), LONGEST_MESSAGE);
        }
        sample.requests = end.request_messages();
        sample.responses = end.response_messages();
        sample.is_whole = details.is_some();
        match details {
            Some(details) => {
                (sample.deadline, sample.peer) = (details.deadline, details.peer);
                // The call's place gets the buffers of who was there before.
                mem::swap(&mut sample.texts, &mut details.texts);
            }
            None => {
                (sample.deadline, sample.peer) = (None, None);
                sample.texts.metadata.clear();
                sample.texts.fields.clear();
            }
        }
        let gate = &self.gates[class.number()];
        gate.next.store(end_at + PAUSE.as_nanos() as u64, Ordering::Relaxed);
        gate.slowest.store(slowest(kept, self.each), Ordering::Relaxed);
    }

    /// Those of a class, the last first.
    pub(super) fn of(&self, class: Class) -> Vec<Sample> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept[class.number()].iter().rev().cloned().collect()
    }
}

/// The oldest that isn't one of the slowest. It isn't one of the newest either, as there are twice as many.
fn least(kept: &[Sample], each: usize) -> Option<usize> {
    let is_slow = |sample: &Sample| {
        kept.iter().filter(|other| (other.nanos, other.end) > (sample.nanos, sample.end)).count()
            < each
    };
    kept.iter().position(|sample| !is_slow(sample))
}

/// The time that one of the slowest has at least.
fn slowest(kept: &[Sample], each: usize) -> u64 {
    let is_slowest =
        |sample: &&Sample| kept.iter().filter(|other| other.nanos > sample.nanos).count() < each;
    match kept.len() < each {
        true => 0,
        false => kept.iter().filter(is_slowest).map(|sample| sample.nanos).min().unwrap_or(0),
    }
}
