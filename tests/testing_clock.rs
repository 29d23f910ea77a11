//! The testing kit's clock, and tokio's own ways to advance time. In memory, nothing takes time
//! unless the test says so.

use std::{
    future::Future as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as TaskContext, Waker},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome,
    testing::{self, Clock, DummyClient, DummyRequest},
};
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Status};

const HOUR: Duration = Duration::from_secs(3600);
const MILLISECOND: Duration = Duration::from_millis(1);

/// A service that answers "slow" after an hour.
async fn slow() -> DummyClient {
    testing::dummy()
        .special_case_async("slow", |_| async {
            sleep(HOUR).await;
            "at last"
        })
        .start()
        .await
        .expect("it starts in memory")
}

#[tokio::test]
async fn timers_have_taken_effect_when_advance_returns() {
    let clock = Clock::pause().await;
    let mut client = slow().await;
    let call = tokio::spawn(async move { client.execute("slow").await });
    clock.advance(HOUR - MILLISECOND).await;
    assert!(!call.is_finished());
    // The answer passes the handler, both connections and the client within this call.
    clock.advance(MILLISECOND).await;
    assert!(call.is_finished());
    assert_eq!(call.await.expect("it doesn't panic").expect("it answers"), "at last");
}

#[tokio::test]
async fn timers_fire_in_order_each_at_its_time() {
    let clock = Clock::pause().await;
    let start = Instant::now();
    let task = tokio::spawn(async move {
        let mut seen = Vec::new();
        for seconds in [1, 2, 3] {
            sleep(Duration::from_secs(seconds)).await;
            seen.push(start.elapsed());
        }
        seen
    });
    clock.advance(Duration::from_secs(6)).await;
    assert!(task.is_finished());
    let seen = task.await.expect("it doesn't panic");
    assert_eq!(seen, [1, 3, 6].map(Duration::from_secs));
    assert_eq!(start.elapsed(), Duration::from_secs(6));
}

#[tokio::test]
async fn the_clock_stands_still_while_calls_are_made() {
    let _clock = Clock::pause().await;
    let start = Instant::now();
    let mut client = slow().await;
    // Over a socket, the clock could jump to this alarm while a message is in transit.
    let alarm = tokio::spawn(sleep(HOUR));
    for _ in 0..100 {
        client.execute("foo").await.expect("it echoes");
        client.execute_client_server_stream(["a", "b"]).await.expect("it echoes");
    }
    client.shutdown().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!alarm.is_finished());
}

#[tokio::test]
async fn advancing_by_zero_runs_ready_tasks() {
    let clock = Clock::pause().await;
    let start = Instant::now();
    let mut client = slow().await;
    let call = tokio::spawn(async move { client.execute("quick").await });
    clock.advance(Duration::ZERO).await;
    assert!(call.is_finished());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// Cancels calls that take too long.
struct Timeout(Duration);

impl<N: Next> Interceptor<N> for Timeout {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let outcome = tokio::time::timeout(self.0, next.run(request)).await;
        outcome.unwrap_or_else(|_| Err(Status::deadline_exceeded("it takes too long")))
    }
}

#[tokio::test]
async fn an_interceptors_timeout_is_exact() {
    let clock = Clock::pause().await;
    let dropped = Arc::new(AtomicUsize::new(0));
    struct CountDrop(Arc<AtomicUsize>);
    impl Drop for CountDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let handlers = Arc::clone(&dropped);
    let mut client = testing::dummy()
        .client_interceptors(Timeout(Duration::from_secs(10)))
        .special_case_async("slow", move |_| {
            let guard = CountDrop(Arc::clone(&handlers));
            async move {
                sleep(HOUR).await;
                drop(guard);
                "at last"
            }
        })
        .start()
        .await
        .expect("it starts");
    let call = tokio::spawn(async move {
        let outcome = client.execute("slow").await;
        // The connection lives as long as this task.
        (client, outcome)
    });
    clock.advance(Duration::from_secs(10) - MILLISECOND).await;
    assert!(!call.is_finished());
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    clock.advance(MILLISECOND).await;
    assert!(call.is_finished());
    // The server already knows that the client has stopped waiting.
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    let (_client, outcome) = call.await.expect("it doesn't panic");
    assert_eq!(outcome.expect_err("it is late").code(), Code::DeadlineExceeded);
}

/// Reports the remaining time when the call arrives.
struct Remaining(Arc<std::sync::Mutex<Vec<Duration>>>);

impl<N: Next> Interceptor<N> for Remaining {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let outcome = next.run(request).await;
        let remaining = context.time_remaining().expect("there is a deadline");
        self.0.lock().expect("it isn't poisoned").push(remaining);
        outcome
    }
}

#[tokio::test]
async fn deadlines_follow_the_clock() {
    let clock = Clock::pause().await;
    let seen = Arc::default();
    let mut client = testing::dummy()
        .server_interceptors(Remaining(Arc::clone(&seen)))
        .special_case_async("slow", |_| async {
            sleep(Duration::from_secs(4)).await;
            "at last"
        })
        .start()
        .await
        .expect("it starts");
    let mut request = Request::new(DummyRequest { input: "slow".to_owned() });
    request.set_timeout(Duration::from_secs(10));
    let call = tokio::spawn(async move { client.get_mut().execute(request).await });
    clock.advance(Duration::from_secs(4)).await;
    assert!(call.is_finished());
    assert_eq!(*seen.lock().expect("it isn't poisoned"), [Duration::from_secs(6)]);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_can_be_paused_again() {
    let clock = Clock::pause().await;
    let again = Clock::pause().await;
    let start = Instant::now();
    clock.advance(HOUR).await;
    again.advance(HOUR).await;
    assert_eq!(start.elapsed(), 2 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_starts_paused_works_with_the_kit() {
    let start = Instant::now();
    let mut client = slow().await;
    assert_eq!(client.execute("quick").await.expect("it echoes"), "quick");
    assert_eq!(start.elapsed(), Duration::ZERO);
    // The clock advances automatically when everything is idle.
    assert_eq!(client.execute("slow").await.expect("it answers"), "at last");
    assert_eq!(start.elapsed(), HOUR);
}

#[tokio::test(start_paused = true)]
async fn tokios_advance_works_with_the_kit() {
    let mut client = slow().await;
    let start = Instant::now();
    let call = tokio::spawn(async move { client.execute("slow").await });
    // tokio's own `advance` moves the clock before the call has reached the handler, so yield
    // first.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(HOUR).await;
    assert_eq!(call.await.expect("it doesn't panic").expect("it answers"), "at last");
    assert_eq!(start.elapsed(), HOUR);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[should_panic(expected = "several threads can't be paused: use #[tokio::test]")]
async fn with_several_threads_it_explains_what_to_do() {
    let _clock = Clock::pause().await;
}

#[test]
#[should_panic(expected = "call this in a #[tokio::test]")]
fn without_a_runtime_it_explains_what_to_do() {
    let mut pause = std::pin::pin!(Clock::pause());
    let _ = pause.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
}
