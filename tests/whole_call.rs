//! The life of a whole call: its end is reported once, one deadline covers all of it, its trailing
//! metadata is kept, and a scope covers all of it.

use std::{
    cell::Cell,
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{
    Context, EndCause, Error, Interceptor, MessageStream, Next, Outcome, Payload as _, StreamEnd,
    interceptor,
    interceptors::{CatchPanic, List, on_call_end},
    testing::{self, DummyRequest},
};
use tokio::time::{Instant, sleep};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Status, metadata::MetadataMap};

type Seen = Arc<Mutex<Vec<(Code, EndCause, u64, u64)>>>;

/// Records the ends of calls.
fn ends(
    seen: &Seen,
) -> impl for<'a> Interceptor<grpc_interceptor::interceptors::AnyNext<'a>> + Clone + use<> {
    let seen = seen.clone();
    on_call_end(move |_, end| {
        let told = (end.code(), end.cause(), end.request_messages(), end.response_messages());
        seen.lock().expect("it isn't poisoned").push(told);
    })
}

fn take(seen: &Seen) -> Vec<(Code, EndCause, u64, u64)> {
    std::mem::take(&mut *seen.lock().expect("it isn't poisoned"))
}

fn request(input: &str, timeout: Option<Duration>) -> Request<DummyRequest> {
    let mut request = Request::new(DummyRequest { input: input.to_owned() });
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

/// A dummy service with an observer on each side, and with special cases that fail.
async fn observed(
    inside: impl for<'a> Interceptor<grpc_interceptor::interceptors::AnyNext<'a>> + 'static,
) -> (testing::DummyClient<List>, Seen, Seen) {
    let (on_client, on_server) = (Seen::default(), Seen::default());
    let client = testing::dummy()
        .client_interceptors(List::new().with(ends(&on_client)))
        .server_interceptors(List::new().with(ends(&on_server)).with(inside))
        .special_case("error", |_| Err(Error::not_found("gone")))
        .special_case("panic", |_| -> String { panic!("as the test wants it") })
        .special_case_async("slow", |_| async {
            sleep(Duration::from_secs(60)).await;
            "at last"
        })
        .start()
        .await
        .expect("it starts");
    (client, on_client, on_server)
}

#[tokio::test(start_paused = true)]
async fn the_end_is_reported_once_on_both_sides() {
    use EndCause::{Cancelled, Complete, Failed, TimedOut};

    let (mut client, on_client, on_server) = observed(()).await;
    client.execute("foo").await.expect("it echoes");
    client.execute_server_stream("ab").await.expect("it echoes");
    client.execute_client_stream(["a", "b"]).await.expect("it echoes");
    client.execute_client_server_stream(["a", "b"]).await.expect("it echoes");
    client.execute("error").await.expect_err("it is gone");
    let complete = [(1, 1), (1, 2), (2, 1), (2, 2)]
        .map(|(requests, responses)| (Code::Ok, Complete, requests, responses));
    let expected = [&complete[..], &[(Code::NotFound, Failed, 1, 0)]].concat();
    assert_eq!(take(&on_client), expected);
    assert_eq!(take(&on_server), expected);

    // The client cancels.
    let call = tokio::time::timeout(Duration::from_secs(1), client.execute("slow"));
    call.await.expect_err("it is slow");
    // The deadline passes.
    let call = client.get_mut().execute(request("slow", Some(Duration::from_secs(1))));
    assert_eq!(call.await.expect_err("it is slow").code(), Code::DeadlineExceeded);
    // The client drops a stream before its end, after receiving the last message.
    let stream = client.get_mut().execute_server_stream(request("ab", None)).await;
    let mut stream = stream.expect("it starts").into_inner();
    for _ in 0..2 {
        stream.message().await.expect("it continues").expect("there are two");
    }
    drop(stream);
    sleep(Duration::from_secs(1)).await;
    let ends = take(&on_client);
    let gone_wrong = [(Code::Cancelled, Cancelled, 1, 0), (Code::DeadlineExceeded, TimedOut, 1, 0)];
    assert_eq!(ends[..2], gone_wrong);
    assert_eq!(ends[2..], [(Code::Cancelled, Cancelled, 1, 2)]);
    // Here everything was sent.
    let ends = take(&on_server);
    assert_eq!(ends[..2], gone_wrong);
    assert_eq!(ends[2..], [(Code::Ok, Complete, 1, 2)]);
}

#[tokio::test]
async fn a_panic_is_told_from_a_cancelled_call() {
    let (mut client, _, on_server) = observed(()).await;
    client.execute("panic").await.expect_err("it panics");
    assert_eq!(take(&on_server), [(Code::Unknown, EndCause::Panicked, 1, 0)]);

    let (mut client, _, on_server) = observed(CatchPanic::new()).await;
    client.execute("panic").await.expect_err("it panics");
    assert_eq!(take(&on_server), [(Code::Internal, EndCause::Panicked, 1, 0)]);
}

/// If a client disconnects just before the deadline, the server counts it as out of time, but the
/// client doesn't.
#[tokio::test(start_paused = true)]
async fn a_callers_clock_starts_before_the_servers() {
    for (after, code) in [(195, Code::DeadlineExceeded), (100, Code::Cancelled)] {
        let (mut client, on_client, on_server) = observed(()).await;
        let call = client.get_mut().execute(request("slow", Some(Duration::from_millis(200))));
        let call = tokio::time::timeout(Duration::from_millis(after), call);
        call.await.expect_err("the client disconnects");
        sleep(Duration::from_millis(1)).await;
        assert_eq!(take(&on_client)[0].0, Code::Cancelled, "after {after} ms");
        assert_eq!(take(&on_server)[0].0, code, "after {after} ms");
    }
}

/// Tries four times, with pauses in between.
struct Retry;

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        for _ in 1..4 {
            let Some(again) = next.clone_request(&request) else { break };
            match next.run(request).await {
                Err(_) => sleep(Duration::from_millis(30)).await,
                outcome => return outcome,
            }
            request = again;
        }
        next.run(request).await
    }
}

struct Sleep(Duration);

impl<N: Next> Interceptor<N> for Sleep {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        sleep(self.0).await;
        next.run(request).await
    }
}

struct SetTimeout(Duration);

impl<N: Next> Interceptor<N> for SetTimeout {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.set_timeout(self.0);
        next.run(request).await
    }
}

struct WithDeadline(Duration);

impl<N: Next> Interceptor<N> for WithDeadline {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let deadline = (Instant::now() + self.0).into_std();
        next.with_context(context.with_deadline(deadline)).run_in_time(request).await
    }
}

/// Records how much time is left.
#[derive(Clone, Default)]
struct Remaining(Arc<Mutex<Vec<Option<Duration>>>>);

impl Remaining {
    fn take(&self) -> Vec<Option<u128>> {
        let remaining = std::mem::take(&mut *self.0.lock().expect("it isn't poisoned"));
        remaining.into_iter().map(|remaining| remaining.map(|left| left.as_millis())).collect()
    }
}

impl<N: Next> Interceptor<N> for Remaining {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        assert_eq!(context.deadline(), next.context().deadline());
        self.0.lock().expect("it isn't poisoned").push(context.time_remaining());
        next.run(request).await
    }
}

/// How long a call of "slow" takes through these client interceptors, and how much time is left
/// inside them and on the server.
macro_rules! slow_call {
    ($timeout:expr, $remaining:expr, $interceptors:expr) => {{
        let (left, on_server) = ($remaining, Remaining::default());
        let mut client = testing::dummy()
            .client_interceptors($interceptors)
            .server_interceptors(on_server.clone())
            .special_case_async("slow", |_| async {
                sleep(Duration::from_secs(60)).await;
                "at last"
            })
            .start()
            .await
            .expect("it starts");
        let start = Instant::now();
        let status = client.get_mut().execute(request("slow", $timeout)).await;
        let code = status.expect_err("it is late").code();
        (code, start.elapsed().as_millis(), left.take(), on_server.take())
    }};
}

const fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_the_whole_call() {
    let left = Remaining::default();
    // Nothing is sent.
    let (code, elapsed, inside, on_server) =
        slow_call!(Some(milliseconds(100)), left.clone(), (Sleep(milliseconds(300)), left.clone()));
    assert_eq!((code, elapsed), (Code::DeadlineExceeded, 100));
    assert_eq!((inside, on_server), (vec![], vec![]));

    // All attempts together.
    let (code, elapsed, _, on_server) =
        slow_call!(Some(milliseconds(200)), left.clone(), (Retry, SetTimeout(milliseconds(50))));
    assert_eq!((code, elapsed), (Code::DeadlineExceeded, 200));
    assert_eq!(on_server, [Some(50), Some(50), Some(40)]);

    // An interceptor sets it, in both ways, in a tuple and in a list.
    let five = Duration::from_secs(5);
    let (code, elapsed, inside, on_server) =
        slow_call!(None, left.clone(), (SetTimeout(five), left.clone(), Retry));
    assert_eq!(code, Code::DeadlineExceeded);
    assert!((5000..=5090).contains(&elapsed), "{elapsed}");
    assert_eq!((inside, on_server), (vec![Some(5000)], vec![Some(5000)]));
    let list = List::new().with(SetTimeout(five)).with(left.clone()).with(Retry);
    let (code, _, inside, on_server) = slow_call!(None, left.clone(), list);
    assert_eq!(code, Code::DeadlineExceeded);
    assert_eq!((inside, on_server), (vec![Some(5000)], vec![Some(5000)]));
    let (code, elapsed, inside, on_server) =
        slow_call!(None, left.clone(), (WithDeadline(five), left.clone(), Retry));
    assert_eq!((code, elapsed), (Code::DeadlineExceeded, 5000));
    assert_eq!((inside, on_server), (vec![Some(5000)], vec![Some(5000)]));

    // An inner deadline never extends an outer one.
    let interceptors = (WithDeadline(milliseconds(100)), WithDeadline(five), left.clone());
    let (code, elapsed, inside, _) = slow_call!(None, left.clone(), interceptors);
    assert_eq!((code, elapsed, inside), (Code::DeadlineExceeded, 100, vec![Some(100)]));
}

#[tokio::test(start_paused = true)]
async fn a_response_stream_ends_at_the_deadline() {
    #[interceptor]
    async fn slowly<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.map_stream(|messages| {
                MessageStream::new(messages.then(|message| async {
                    sleep(Duration::from_secs(1)).await;
                    message
                }))
            })
        }))
    }
    for on_server in [false, true] {
        let dummy = testing::dummy()
            .server_interceptors((on_server.then_some(WithDeadline(milliseconds(2500))), slowly));
        let mut client = dummy.start().await.expect("it starts");
        let timeout = (!on_server).then_some(milliseconds(2500));
        let start = Instant::now();
        let stream = client.get_mut().execute_server_stream(request("abcd", timeout)).await;
        let mut stream = stream.expect("it starts").into_inner();
        let mut messages = 0;
        let status = loop {
            match stream.message().await {
                Ok(message) => messages += u32::from(message.is_some()),
                Err(status) => break status,
            }
        };
        assert_eq!((status.code(), messages), (Code::DeadlineExceeded, 2), "{on_server}");
        assert_eq!(start.elapsed().as_millis(), 2500, "{on_server}");
    }
}

/// Ends response streams with trailing metadata.
#[interceptor]
async fn sign<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_trailers(|trailers| {
            trailers.insert("served-by", "ada".parse().expect("it is ASCII"));
        })
    }))
}

/// Drops every other message.
#[interceptor]
async fn every_other<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_stream(|messages| {
            let mut send = false;
            MessageStream::new(messages.filter(move |_| {
                send = !send;
                send
            }))
        })
    }))
}

/// Reports the trailing metadata of response streams.
#[derive(Clone, Default)]
struct Trailers(Arc<Mutex<Vec<Option<String>>>>);

impl<N: Next> Interceptor<N> for Trailers {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let seen = self.0.clone();
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.on_end(move |end| {
                assert_eq!(end.code(), Code::Ok);
                let StreamEnd::Complete { trailers } = end else { panic!("{end:?}") };
                seen.lock().expect("it isn't poisoned").push(signature(trailers));
            })
        }))
    }
}

fn signature(trailers: Option<&MetadataMap>) -> Option<String> {
    Some(trailers?.get("served-by")?.to_str().expect("it is ASCII").to_owned())
}

#[tokio::test]
async fn trailing_metadata_passes_through_adapters() {
    let (on_client, on_server) = (Trailers::default(), Trailers::default());
    let mut client = testing::dummy()
        .client_interceptors((on_client.clone(), every_other, List::new().with(every_other)))
        .server_interceptors((on_server.clone(), every_other, List::new().with(sign)))
        .start()
        .await
        .expect("it starts");
    let stream = client.get_mut().execute_server_stream(request("abcdefgh", None)).await;
    let mut stream = stream.expect("it starts").into_inner();
    let message = stream.message().await.expect("it continues").expect("there is one");
    assert_eq!(message.output, "a");
    assert_eq!(stream.message().await.expect("it completes"), None);
    let trailers = stream.trailers().await.expect("it completed");
    assert_eq!(signature(trailers.as_ref()), Some("ada".to_owned()));
    for seen in [on_client, on_server] {
        assert_eq!(*seen.0.lock().expect("it isn't poisoned"), [Some("ada".to_owned())]);
    }
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs the rest of the call with `INSIDE` set.
#[interceptor]
async fn scoped<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let scope = |run: &mut dyn FnMut()| {
        let before = INSIDE.replace(true);
        run();
        INSIDE.set(before);
    };
    next.in_scope(scope).run(request).await
}

/// Checks what runs, passes and is dropped inside the scope.
#[interceptor]
async fn check<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    struct OnDrop;
    impl Drop for OnDrop {
        fn drop(&mut self) {
            assert!(INSIDE.get());
        }
    }

    assert!(INSIDE.get());
    let _dropped_inside = OnDrop;
    let response = next.run(request).await?;
    assert!(INSIDE.get());
    Ok(response.map(|payload| {
        let dropped_inside = OnDrop;
        payload.inspect_messages(move |_| {
            let _ = &dropped_inside;
            assert!(INSIDE.get());
        })
    }))
}

#[tokio::test]
async fn a_scope_covers_the_response_stream_and_a_clients_requests() {
    let mut client = testing::dummy()
        .client_interceptors((look_at_requests, scoped, check))
        .server_interceptors((scoped, List::new().with(check), sign))
        .start()
        .await
        .expect("it starts");
    for _ in 0..2 {
        client.execute("foo").await.expect("everything is inside");
        client.execute_server_stream("ab").await.expect("everything is inside");
        client.execute_client_stream(["a", "b"]).await.expect("everything is inside");
        client.execute_client_server_stream(["a", "b"]).await.expect("everything is inside");
    }
    assert!(!INSIDE.get());
}

/// An interceptor outside the scope puts a closure on the request stream, which runs inside.
#[interceptor]
async fn look_at_requests<N: Next>(
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> Outcome<N> {
    let streams = context.kind().is_client_streaming();
    let request =
        request.map(|payload| payload.inspect_messages(move |_| assert_eq!(INSIDE.get(), streams)));
    next.run(request).await
}

/// Tests an interceptor alone, with a `next` made from a closure.
#[tokio::test]
async fn an_interceptor_is_tested_alone() {
    let answer = |request: Request<String>| async move {
        match request.metadata().get("attempt") {
            Some(_) => Ok(tonic::Response::new(request.into_inner().len())),
            None => Err(Status::unavailable("not yet")),
        }
    };
    let next = testing::next::unary("/pkg.Service/Method", &answer);
    let mut request = Request::new("four".to_owned());
    request.metadata_mut().insert("attempt", 1.into());
    let response = Retry.intercept(request, next.context(), next).await.expect("it passes");
    assert_eq!(response.into_inner(), 4);
    let outcome = Retry.intercept(Request::new(String::new()), next.context(), next).await;
    assert_eq!(outcome.expect_err("it is refused").code(), Code::Unavailable);
}
