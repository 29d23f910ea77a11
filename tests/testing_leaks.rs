//! However a dummy client ends, everything that belongs to it ends as well: no task and no socket
//! is left, even with calls in flight and open streams.

mod support;

use std::{future::pending, time::Duration};

use grpc_interceptor::testing::{
    self, Dummy, DummyClient, DummyRequest, DummyResponse, RecordedOutcome, Recorder,
};
use support::soon;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_stream::StreamExt as _;
use tonic::{Status, Streaming};

/// How many clients there are, in sequence or concurrently.
const ROUNDS: usize = 8;

type Client = DummyClient<Recorder>;

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// The number of files this process has open, including sockets. On other systems nothing is
/// counted.
fn sockets() -> usize {
    let files = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Waits until no more are left than before, and fails rather than hangs.
async fn assert_back_to(tasks_before: usize, sockets_before: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while tasks() > tasks_before || sockets() > sockets_before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    if waited.await.is_err() {
        panic!("{} tasks, {} sockets are left", tasks() - tasks_before, sockets() - sockets_before);
    }
}

fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

/// What is still running when a client ends.
struct InFlight {
    calls: Vec<JoinHandle<Status>>,
    streams: Vec<Streaming<DummyResponse>>,
}

fn dummy(recorder: &Recorder) -> Dummy<Recorder, Recorder> {
    testing::dummy()
        .server_interceptors(recorder.clone())
        .client_interceptors(Recorder::new())
        .special_case_async("forever", |_| pending::<String>())
}

/// Some finished calls, a call of each kind that is never answered, and some open streams,
/// including one that no one reads, so the server can't send it to its end.
async fn begin(client: &mut Client) -> InFlight {
    client.execute("foo").await.expect("it echoes");
    client.execute_client_server_stream(["a", "b"]).await.expect("it echoes");
    let open = || tokio_stream::iter(["a", "forever"].map(request)).chain(tokio_stream::pending());
    let flood = tokio_stream::iter(std::iter::repeat_with(|| request(&"x".repeat(10_000))));
    let generated = client.get_mut();
    let mut streams = Vec::new();
    let stream = generated.execute_client_server_stream(open()).await.expect("it starts");
    streams.push(stream.into_inner());
    let stream = generated.execute_client_server_stream(flood).await.expect("it starts");
    streams.push(stream.into_inner());
    for stream in &mut streams {
        stream.message().await.expect("it continues").expect("it isn't at its end");
    }

    let mut calls = Vec::new();
    let mut other = generated.clone();
    calls.push(tokio::spawn(async move { other.execute(request("forever")).await.err() }));
    let mut other = generated.clone();
    let open = open();
    calls.push(tokio::spawn(async move { other.execute_client_stream(open).await.err() }));
    let mut other = generated.clone();
    calls.push(tokio::spawn(
        async move { other.execute_server_stream(request("forever")).await.err() },
    ));
    let calls = calls
        .into_iter()
        .map(|call| {
            tokio::spawn(async {
                call.await.expect("it doesn't panic").expect("it is never answered")
            })
        })
        .collect();
    InFlight { calls, streams }
}

/// Waits until the server has received all calls of [`begin`].
async fn have_begun(recorder: &Recorder) {
    while recorder.calls().len() < 7 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The calls have failed, the streams have ended, and the handlers were dropped.
async fn assert_given_up(InFlight { calls, streams }: InFlight, recorder: &Recorder) {
    for call in calls {
        soon(call).await.expect("it doesn't panic");
    }
    for mut stream in streams {
        while let Ok(Some(_)) = soon(stream.message()).await {}
    }
    let outcomes: Vec<_> = recorder.calls().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes.len(), 7);
    assert!(outcomes[..2].iter().all(|outcome| *outcome == Some(RecordedOutcome::Ok)));
    let given_up = &outcomes[2..];
    assert!(given_up.iter().all(|outcome| outcome.is_some()), "{given_up:?}");
    assert!(given_up.iter().all(|outcome| *outcome != Some(RecordedOutcome::Ok)), "{given_up:?}");
}

async fn nothing_is_left_after_shutdown(on_loopback: bool) {
    let (tasks_before, sockets_before) = (tasks(), sockets());
    for _ in 0..ROUNDS {
        let recorder = Recorder::new();
        let dummy = dummy(&recorder);
        let dummy = if on_loopback { dummy.on_loopback() } else { dummy };
        let mut client = dummy.start().await.expect("it starts");
        let in_flight = begin(&mut client).await;
        have_begun(&recorder).await;
        soon(client.shutdown()).await;
        // Immediately, except for the calls' own tasks.
        let outcomes = recorder.calls().into_iter().map(|call| call.outcome);
        assert!(outcomes.into_iter().all(|outcome| outcome.is_some()));
        assert_given_up(in_flight, &recorder).await;
    }
    assert_back_to(tasks_before, sockets_before).await;
}

#[tokio::test]
async fn nothing_is_left_after_shutdown_in_memory() {
    nothing_is_left_after_shutdown(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_after_shutdown_on_several_threads() {
    nothing_is_left_after_shutdown(false).await;
}

#[tokio::test]
async fn nothing_is_left_after_a_drop_in_memory() {
    nothing_is_left_after_a_drop(false).await;
}

async fn nothing_is_left_after_a_drop(on_loopback: bool) {
    let (tasks_before, sockets_before) = (tasks(), sockets());
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let recorder = Recorder::new();
        let dummy = dummy(&recorder);
        let dummy = if on_loopback { dummy.on_loopback() } else { dummy };
        let mut client = dummy.start().await.expect("it starts");
        let in_flight = begin(&mut client).await;
        have_begun(&recorder).await;
        all.push((client, in_flight, recorder));
    }
    assert!(tasks() > tasks_before + ROUNDS * 5);
    for (client, in_flight, recorder) in all {
        drop(client);
        for call in in_flight.calls {
            soon(call).await.expect("it doesn't panic");
        }
        drop(in_flight.streams);
        drop(recorder);
    }
    assert_back_to(tasks_before, sockets_before).await;
}

/// Sockets are counted per process, so this is a single test.
#[tokio::test]
async fn nothing_is_left_on_loopback() {
    nothing_is_left_after_shutdown(true).await;
    nothing_is_left_after_a_drop(true).await;
}

#[tokio::test]
async fn shutdown_waits_for_all_tasks() {
    let before = tasks();
    for dummy in [testing::dummy(), testing::dummy().on_loopback()] {
        let mut client = dummy
            .special_case_async("forever", |_| pending::<String>())
            .start()
            .await
            .expect("it starts");
        client.execute("foo").await.expect("it echoes");
        let requests = tokio_stream::iter(["a", "forever"].map(request));
        let stream = client.get_mut().execute_client_server_stream(requests).await;
        let mut stream = stream.expect("it starts").into_inner();
        stream.message().await.expect("it continues").expect("it isn't at its end");
        assert!(tasks() > before);
        soon(client.shutdown()).await;
        // With a single thread, tasks can't be in the middle of ending.
        assert_eq!(tasks(), before);
    }
}

#[tokio::test]
async fn nothing_is_left_of_unused_or_unstarted_clients() {
    let before = tasks();
    for _ in 0..ROUNDS {
        drop(testing::dummy().start().await.expect("it starts"));
        drop(testing::dummy().start());
        testing::dummy().connect_to("http://127.0.0.1:1").await.expect_err("nothing is listening");
    }
    assert_back_to(before, usize::MAX).await;
}

#[tokio::test]
async fn calls_of_a_clone_fail_when_the_client_is_gone() {
    let mut client = testing::dummy().start().await.expect("it starts");
    let mut clone = client.get_mut().clone();
    clone.execute(request("foo")).await.expect("it echoes");
    drop(client);
    clone.execute(request("foo")).await.expect_err("there is no server");
}

#[test]
fn a_client_can_outlive_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let client = runtime.block_on(testing::dummy().start()).expect("it starts");
    drop(runtime);
    drop(client);
}
