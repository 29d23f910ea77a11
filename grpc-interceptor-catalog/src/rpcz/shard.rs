//! Counters that many threads write are there several times, each on cache lines of its own: threads that write the
//! same line wait for each other.

use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// More would take memory for each method, and help few.
const MOST: usize = 16;

/// How many shards there are: a power of two.
pub(super) fn how_many() -> usize {
    let threads = thread::available_parallelism().map_or(MOST, Into::into);
    threads.next_power_of_two().min(MOST)
}

/// A number of this thread: they are given out in turn.
pub(super) fn of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const NONE: usize = usize::MAX;
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    }
    // In a destructor at the end of a thread there may be none.
    let number = NUMBER.try_with(|number| {
        if number.get() == NONE {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed) % NONE);
        }
        number.get()
    });
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::of_thread;

    #[test]
    fn a_thread_keeps_its_number_and_has_it_alone() {
        let here = of_thread();
        let there = thread::spawn(|| (of_thread(), of_thread())).join().unwrap();
        assert_eq!(there.0, there.1);
        assert_eq!(of_thread(), here);
        assert_ne!(there.0, here);
    }
}
