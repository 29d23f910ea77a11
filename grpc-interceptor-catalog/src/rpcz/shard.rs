//! Counters that many threads write exist several times, each on separate cache lines, because
//! threads that write to the same line slow each other down.

use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// More would cost memory for each method, with little benefit.
const MOST: usize = 16;

/// Returns the number of shards, a power of two.
pub(super) fn how_many() -> usize {
    let threads = thread::available_parallelism().map_or(MOST, Into::into);
    threads.next_power_of_two().min(MOST)
}

/// Returns a number for this thread. Numbers are handed out in sequence.
pub(super) fn of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const NONE: usize = usize::MAX;
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    }
    // In a destructor at the end of a thread, the thread-local can be gone.
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
    fn each_thread_has_a_fixed_unique_number() {
        let here = of_thread();
        let there = thread::spawn(|| (of_thread(), of_thread())).join().unwrap();
        assert_eq!(there.0, there.1);
        assert_eq!(of_thread(), here);
        assert_ne!(there.0, here);
    }
}
