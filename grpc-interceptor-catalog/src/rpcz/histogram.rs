//! Call durations, in buckets that are an eighth of a power of two wide. Values read back are off
//! by a sixteenth at most, from one microsecond to 52 days.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// All durations below 2^10 ns, a microsecond, share a bucket.
const FIRST: u32 = 10;
/// As do all those from 2^52 ns, 52 days.
const LAST: u32 = 52;
/// The number of buckets for each power of two, as a power of two.
const STEPS: u32 = 3;

const BUCKETS: usize = ((LAST - FIRST) << STEPS) as usize + 2;

pub(super) struct Histogram([AtomicU64; BUCKETS]);

impl Histogram {
    pub(super) const fn new() -> Self {
        Histogram([const { AtomicU64::new(0) }; BUCKETS])
    }

    pub(super) fn record(&self, nanos: u64) {
        self.0[bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
    }
}

/// The counts at one point in time.
#[derive(Clone)]
pub(super) struct Counts([u64; BUCKETS]);

impl Counts {
    pub(super) const fn new() -> Self {
        Counts([0; BUCKETS])
    }

    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (sum, count) in self.0.iter_mut().zip(&histogram.0) {
            *sum += count.load(Ordering::Relaxed);
        }
    }

    /// Returns what was counted since an earlier point.
    pub(super) fn since(&self, before: &Counts) -> Counts {
        let mut counts = Counts::new();
        for (at, count) in counts.0.iter_mut().enumerate() {
            *count = self.0[at].saturating_sub(before.0[at]);
        }
        counts
    }

    /// Returns the duration that this fraction of the calls didn't exceed: 0.5 is the median.
    /// `None` if there were no calls.
    pub(super) fn quantile(&self, part: f64) -> Option<Duration> {
        let total: u64 = self.0.iter().sum();
        let rank = ((total as f64 * part).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        let reaches = |count: &u64| {
            seen += count;
            seen >= rank
        };
        self.0.iter().position(reaches).map(|bucket| Duration::from_nanos(middle_of(bucket)))
    }
}

fn bucket_of(nanos: u64) -> usize {
    if nanos < 1 << FIRST {
        return 0;
    }
    let power = nanos.ilog2();
    if power >= LAST {
        return BUCKETS - 1;
    }
    let step = (nanos >> (power - STEPS)) & ((1 << STEPS) - 1);
    1 + (((power - FIRST) << STEPS) as usize) + step as usize
}

/// Returns the middle of a bucket. The last bucket has no end, so its start is used.
fn middle_of(bucket: usize) -> u64 {
    let Some(at) = bucket.checked_sub(1) else { return 1 << (FIRST - 1) };
    if bucket == BUCKETS - 1 {
        return 1 << LAST;
    }
    let power = FIRST + (at as u32 >> STEPS);
    let step = (at as u64) & ((1 << STEPS) - 1);
    let width = 1 << (power - STEPS);
    (1 << power) + step * width + width / 2
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BUCKETS, Counts, Histogram, LAST, bucket_of, middle_of};

    #[test]
    fn durations_are_accurate_to_a_sixteenth() {
        let mut nanos = 1024_u64;
        while nanos < 1 << LAST {
            for nanos in
                [nanos - 1, nanos, nanos + 1].map(|nanos| nanos.clamp(1024, (1 << LAST) - 1))
            {
                let read = middle_of(bucket_of(nanos));
                assert!(read.abs_diff(nanos) * 16 <= nanos, "{nanos} is read as {read}");
            }
            nanos += nanos / 16 + 1;
        }
    }

    #[test]
    fn buckets_have_no_gaps() {
        let mut last = 0;
        for power in 0..64 {
            for eighth in 8..16_u64 {
                let nanos = (u128::from(eighth) << power) / 8;
                let bucket = bucket_of(u64::try_from(nanos).unwrap());
                assert!(bucket == last || bucket == last + 1, "{nanos}: {bucket} after {last}");
                last = bucket;
            }
        }
        assert_eq!(last, BUCKETS - 1);
        assert_eq!((bucket_of(0), bucket_of(1023), bucket_of(u64::MAX)), (0, 0, BUCKETS - 1));
    }

    #[test]
    fn streams_that_last_days_are_measured() {
        let day = Duration::from_secs(24 * 60 * 60);
        for days in [1, 7, 30] {
            let histogram = Histogram::new();
            histogram.record((day * days).as_nanos() as u64);
            let mut counts = Counts::new();
            counts.add(&histogram);
            let read = counts.quantile(0.5).unwrap();
            assert!(read.abs_diff(day * days) <= day * days / 16, "{days} days: {read:?}");
        }
    }

    #[test]
    fn quantiles_of_known_times() {
        let histogram = Histogram::new();
        (1..=100).for_each(|ms| histogram.record(ms * 1_000_000));
        let mut counts = Counts::new();
        assert_eq!(counts.quantile(0.5), None);
        counts.add(&histogram);
        for (part, right) in [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)] {
            let ms = counts.quantile(part).unwrap().as_secs_f64() * 1000.0;
            assert!((ms - right).abs() <= right / 16.0, "{part}: {ms}, expected: {right}");
        }
        // One more call since then.
        let before = counts.clone();
        histogram.record(1_000_000_000);
        let mut now = Counts::new();
        now.add(&histogram);
        let read = now.since(&before).quantile(0.5).unwrap();
        assert!(read.abs_diff(Duration::from_secs(1)) <= Duration::from_secs(1) / 16, "{read:?}");
    }
}
