use tokio::task::yield_now;

/// How often the other tasks get to run: each time until none of them has anything to do, or tokio
/// looks after its sockets. It is no more than a millisecond.
const ROUNDS: usize = 1000;

/// Lets the other tasks do what they can do now.
///
/// On a runtime with one thread, all that were woken before have run when this returns. On one with
/// several, another thread may still be at it.
pub(crate) async fn settle() {
    for _ in 0..ROUNDS {
        yield_now().await;
    }
}
