//! How many calls ended in the last minutes, and how long they took.
//!
//! Calls don't write here. The first call to end in a new window compares the totals with the
//! previous ones: the difference belongs to the previous window. Windows without calls aren't kept.

use std::{collections::VecDeque, time::Duration};

use super::counters::Totals;

/// The length of a window.
pub(super) const WINDOW: Duration = Duration::from_secs(5);
/// Ten minutes.
pub(super) const WINDOWS: u64 = 120;
const WINDOWS_A_MINUTE: u64 = 12;
const MINUTES: u64 = 60;

/// Returns the number of the window at this time.
pub(super) fn window_at(nanos: u64) -> u64 {
    nanos / WINDOW.as_nanos() as u64
}

/// Returns how much time has passed since a window started.
pub(super) fn since(nanos: u64, window: u64) -> Duration {
    Duration::from_nanos(nanos.saturating_sub(window * WINDOW.as_nanos() as u64))
}

pub(super) struct Rates {
    /// The current window.
    window: u64,
    /// The totals at its start.
    before: Totals,
    /// The windows with calls, oldest first.
    windows: VecDeque<Window>,
    minutes: VecDeque<Minute>,
}

/// What happened in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) number: u64,
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) p50: Option<Duration>,
    pub(super) p99: Option<Duration>,
}

impl Window {
    fn new(number: u64, totals: &Totals, before: &Totals) -> Self {
        let times = totals.times.since(&before.times);
        Window {
            number,
            calls: totals.ended().saturating_sub(before.ended()),
            errors: totals.errors().saturating_sub(before.errors()),
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
        }
    }
}

struct Minute {
    number: u64,
    calls: u64,
    errors: u64,
}

/// Calls and errors per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    pub(super) calls: f64,
    pub(super) errors: f64,
}

impl Rate {
    pub(super) fn new(calls: u64, errors: u64, time: Duration) -> Self {
        // Avoids a huge rate just after the start.
        let seconds = time.as_secs_f64().max(1.0);
        Rate { calls: calls as f64 / seconds, errors: errors as f64 / seconds }
    }
}

impl Rates {
    pub(super) fn new(window: u64) -> Self {
        let (windows, minutes) = (VecDeque::new(), VecDeque::new());
        Rates { window, before: Totals::new(), windows, minutes }
    }

    /// Starts this window, if the current one is earlier.
    pub(super) fn begin(&mut self, window: u64, totals: impl FnOnce() -> Totals) {
        if window <= self.window {
            return;
        }
        let totals = totals();
        let ended = Window::new(self.window, &totals, &self.before);
        if ended.calls > 0 {
            self.keep(ended);
        }
        self.before = totals;
        self.window = window;
    }

    fn keep(&mut self, window: Window) {
        while self.windows.front().is_some_and(|first| first.number + WINDOWS <= window.number) {
            self.windows.pop_front();
        }
        self.windows.push_back(window);
        let number = window.number / WINDOWS_A_MINUTE;
        while self.minutes.front().is_some_and(|first| first.number + MINUTES < number) {
            self.minutes.pop_front();
        }
        match self.minutes.back_mut().filter(|last| last.number == number) {
            Some(last) => {
                last.calls += window.calls;
                last.errors += window.errors;
            }
            None => {
                let Window { calls, errors, .. } = window;
                self.minutes.push_back(Minute { number, calls, errors });
            }
        }
    }

    /// Returns the windows of the last ten minutes, including the current one.
    pub(super) fn windows(&self, totals: &Totals) -> impl Iterator<Item = Window> {
        let now = Window::new(self.window, totals, &self.before);
        let is_recent = move |window: &Window| window.number + WINDOWS > now.number;
        self.windows.iter().copied().filter(is_recent).chain([now])
    }

    /// The rate over the last twelve windows and the current one: 60 to 65 seconds, or since the
    /// start.
    pub(super) fn last_minute(&self, nanos: u64, totals: &Totals) -> Rate {
        let first = self.window.saturating_sub(WINDOWS_A_MINUTE);
        let (calls, errors) = self
            .windows(totals)
            .filter(|window| window.number >= first)
            .fold((0, 0), |sum, window| (sum.0 + window.calls, sum.1 + window.errors));
        Rate::new(calls, errors, since(nanos, first))
    }

    /// The rate over the last sixty clock minutes and the current one, or since the start.
    pub(super) fn last_hour(&self, nanos: u64, totals: &Totals) -> Rate {
        let first = (self.window / WINDOWS_A_MINUTE).saturating_sub(MINUTES);
        let now = Window::new(self.window, totals, &self.before);
        let minutes = self.minutes.iter().filter(|minute| minute.number >= first);
        let (calls, errors) = minutes.fold((now.calls, now.errors), |sum, minute| {
            (sum.0 + minute.calls, sum.1 + minute.errors)
        });
        Rate::new(calls, errors, since(nanos, first * WINDOWS_A_MINUTE))
    }

    /// The rate since the page was created.
    pub(super) fn since_start(nanos: u64, totals: &Totals) -> Rate {
        Rate::new(totals.ended(), totals.errors(), since(nanos, 0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::{
        super::{
            class::Class,
            counters::{Counters, Totals},
        },
        Rate, Rates, WINDOW, WINDOWS, window_at,
    };

    struct Method {
        counters: [Counters; 1],
        rates: Rates,
        nanos: u64,
    }

    impl Method {
        fn new() -> Self {
            Method { counters: [Counters::new()], rates: Rates::new(0), nanos: 0 }
        }

        /// As `Handle::end` does.
        fn end(&mut self, code: Code, nanos: u64) {
            self.rates.begin(window_at(self.nanos), || Totals::of(&self.counters));
            self.counters[0].start();
            self.counters[0].end(Class::of(code, nanos), nanos);
        }

        fn advance(&mut self, time: Duration) {
            self.nanos += time.as_nanos() as u64;
            self.rates.begin(window_at(self.nanos), || Totals::of(&self.counters));
        }

        fn minute(&self) -> Rate {
            self.rates.last_minute(self.nanos, &Totals::of(&self.counters))
        }

        fn hour(&self) -> Rate {
            self.rates.last_hour(self.nanos, &Totals::of(&self.counters))
        }
    }

    #[test]
    fn a_steady_rate_is_the_same_over_every_period() {
        let mut method = Method::new();
        // Ten calls a second, a tenth of which fail, for two hours.
        for _ in 0..2 * 60 * 60 {
            for call in 0..10 {
                method.end(if call == 0 { Code::Internal } else { Code::Ok }, 1_000_000);
            }
            method.advance(Duration::from_secs(1));
        }
        let rates = [
            method.minute(),
            method.hour(),
            Rates::since_start(method.nanos, &Totals::of(&method.counters)),
        ];
        for rate in rates {
            assert!((rate.calls - 10.0).abs() < 0.01, "{rate:?}");
            assert!((rate.errors - 1.0).abs() < 0.01, "{rate:?}");
        }
        let windows: Vec<_> = method.rates.windows(&Totals::of(&method.counters)).collect();
        assert_eq!(windows.len() as u64, WINDOWS);
        let full = &windows[..windows.len() - 1];
        assert!(full.iter().all(|window| (window.calls, window.errors) == (50, 5)), "{windows:?}");
        // This holds however long it runs.
        assert!(method.rates.windows.len() as u64 <= WINDOWS);
        assert!(method.rates.minutes.len() <= 61);
    }

    #[test]
    fn old_calls_dont_count() {
        let mut method = Method::new();
        for _ in 0..600 {
            method.end(Code::Ok, 1_000_000);
        }
        method.advance(Duration::from_secs(2));
        assert_eq!(method.minute().calls, 300.0);
        method.advance(Duration::from_secs(58));
        assert!((method.minute().calls - 10.0).abs() < 0.1);
        method.advance(Duration::from_secs(10));
        assert_eq!(method.minute(), Rate::default());
        assert!(method.hour().calls > 8.0);
        method.advance(Duration::from_secs(61 * 60));
        assert_eq!(method.hour(), Rate::default());
        assert_eq!(Totals::of(&method.counters).ended(), 600);
    }

    #[test]
    fn each_window_has_its_own_latency() {
        let mut method = Method::new();
        method.end(Code::Ok, 1_000_000);
        method.advance(WINDOW);
        method.end(Code::Ok, 1_000_000_000);
        let windows: Vec<_> = method.rates.windows(&Totals::of(&method.counters)).collect();
        let [first, second] = windows[..] else { panic!("{windows:?}") };
        assert!(first.p99.unwrap() < Duration::from_millis(2));
        assert!(second.p50.unwrap() > Duration::from_millis(900));
    }
}
