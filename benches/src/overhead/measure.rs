//! How the program measures: it alternates between all cases of a section, so that a slow moment of
//! the machine affects all of them. Heap allocations don't vary, so they are counted.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tracing::{Dispatch, dispatcher};

use crate::peers::Peer;

const ROUNDS: usize = 200;
/// The minimum duration of a case in a round.
const ROUND: Duration = Duration::from_millis(1);

/// Something to call, and its place in the table.
pub struct Case {
    pub peer: Peer,
    /// A remark, if any.
    pub note: &'static str,
    pub interceptors: u32,
    call: Box<dyn FnMut()>,
}

impl Case {
    /// Creates a case. `call` makes one call, to its end.
    pub fn new(peer: Peer, interceptors: u32, call: impl FnMut() + 'static) -> Self {
        Case { peer, note: "", interceptors, call: Box::new(call) }
    }

    pub fn note(self, note: &'static str) -> Self {
        Case { note, ..self }
    }

    /// Makes this the subscriber for the case's `tracing` events.
    pub fn told_to(self, dispatch: &Dispatch) -> Self {
        let (dispatch, mut call) = (dispatch.clone(), self.call);
        let call = Box::new(move || dispatcher::with_default(&dispatch, &mut call));
        Case { call, ..self }
    }

    pub fn call(&mut self) {
        (self.call)();
    }
}

/// The measurements of a case.
pub struct Figures {
    pub peer: Peer,
    pub note: &'static str,
    pub interceptors: u32,
    /// Nanoseconds per call, of the fastest round.
    pub fastest: f64,
    /// Nanoseconds per call, of the median round.
    pub median: f64,
    /// Heap allocations per call.
    pub allocations: u64,
    /// Bytes allocated per call.
    pub bytes: u64,
}

/// Runs all cases many times, alternating between them.
pub fn measure(mut cases: Vec<Case>) -> Vec<Figures> {
    let counted: Vec<_> = cases
        .iter_mut()
        .map(|case| {
            // The first call may set up lasting state.
            case.call();
            allocation_counter::measure(|| case.call())
        })
        .collect();
    let calls: Vec<u32> = cases.iter_mut().map(calls_in_a_round).collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((case, &calls), rounds) in cases.iter_mut().zip(&calls).zip(&mut rounds) {
            rounds.push(time(case, calls).as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    cases
        .into_iter()
        .zip(counted)
        .zip(rounds)
        .map(|((case, counted), mut rounds)| {
            rounds.sort_by(f64::total_cmp);
            Figures {
                peer: case.peer,
                note: case.note,
                interceptors: case.interceptors,
                fastest: rounds[0],
                median: rounds[ROUNDS / 2],
                allocations: counted.count_total,
                bytes: counted.bytes_total,
            }
        })
        .collect()
}

fn calls_in_a_round(case: &mut Case) -> u32 {
    let mut calls = 1;
    while time(case, calls) < ROUND {
        calls *= 2;
    }
    calls
}

fn time(case: &mut Case, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        case.call();
    }
    start.elapsed()
}

/// Runs a future that is always ready, as calls in process are.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
