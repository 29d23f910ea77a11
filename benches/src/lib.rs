//! How the benchmarks measure: all cases in one run, in turn, so that a slow moment of the machine
//! hits all alike; and what does not vary, heap allocations, counted.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

const ROUNDS: usize = 60;
const CALLS_PER_ROUND: u32 = 2000;

/// Something to be called, and what it is called in the table.
pub struct Case<'a> {
    name: String,
    call: Box<dyn FnMut() + 'a>,
}

impl<'a> Case<'a> {
    /// `call` makes one call, to its end.
    pub fn new(name: impl Into<String>, call: impl FnMut() + 'a) -> Self {
        Case { name: name.into(), call: Box::new(call) }
    }
}

/// What was measured of a case.
pub struct Figures {
    pub name: String,
    /// Nanoseconds per call, of the fastest round.
    pub fastest: f64,
    /// Nanoseconds per call, of the middle round.
    pub median: f64,
    /// Heap allocations per call.
    pub allocations: u64,
    /// Bytes allocated per call.
    pub bytes: u64,
}

/// Runs all cases, in turn, many times.
pub fn measure(mut cases: Vec<Case<'_>>) -> Vec<Figures> {
    let counted: Vec<_> = cases
        .iter_mut()
        .map(|case| {
            (case.call)();
            allocation_counter::measure(&mut case.call)
        })
        .collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for (case, rounds) in cases.iter_mut().zip(&mut rounds) {
            let start = Instant::now();
            for _ in 0..CALLS_PER_ROUND {
                (case.call)();
            }
            rounds.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS_PER_ROUND));
        }
    }
    cases
        .into_iter()
        .zip(counted)
        .zip(rounds)
        .map(|((case, counted), mut rounds)| {
            rounds.sort_by(f64::total_cmp);
            Figures {
                name: case.name,
                fastest: rounds[0],
                median: rounds[ROUNDS / 2],
                allocations: counted.count_total,
                bytes: counted.bytes_total,
            }
        })
        .collect()
}

/// Runs a future that never has to wait, as a call in process doesn't.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
