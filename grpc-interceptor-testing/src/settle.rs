use tokio::task::yield_now;

/// How often the other tasks get to run. Each time, they run until none has anything to do or tokio
/// polls its sockets. The total is at most a millisecond.
const ROUNDS: usize = 1000;

/// Lets the other tasks do everything that they can do now.
///
/// On a single-threaded runtime, all tasks woken before have run when this returns. On a
/// multi-threaded one, another thread may still be running one.
pub(crate) async fn settle() {
    for _ in 0..ROUNDS {
        yield_now().await;
    }
}
