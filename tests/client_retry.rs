//! A client interceptor repeats a call: until it succeeds, until it gives up, with a new token, or
//! twice concurrently.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, intercepted, interceptor,
};
use grpc_interceptor_proto::default_stubs::greeter_server as stubs;
use support::{
    BoxStream, Client, GreetManyTimesRequest, GreeterClient, GreeterServer, HelloReply,
    HelloRequest, all, call_each_through, connect, events, greeter, hello, many, names, next,
    plain_answers, read, reply, soon, tell,
};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, UnboundedSender},
};
use tonic::{Code, Request, Response, Status, metadata::MetadataValue, transport::Channel};

/// Copies a request.
fn copy<T: Clone>(request: &Request<T>) -> Request<T> {
    let (metadata, extensions) = (request.metadata().clone(), request.extensions().clone());
    Request::from_parts(metadata, extensions, request.get_ref().clone())
}

/// Retries a call while it is `UNAVAILABLE`, at most this many times.
struct Retry(usize);

impl<N: Next<Request: Clone>> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        for _ in 0..self.0 {
            match next.run(copy(&request)).await {
                Err(status) if status.code() == Code::Unavailable => {}
                outcome => return outcome,
            }
        }
        next.run(request).await
    }
}

/// Keeps the messages of a request stream in order to send them again.
struct RetryStream(usize);

impl<N> Interceptor<N> for RetryStream
where
    N: Next<Request = MessageStream<HelloRequest>>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, extensions, mut stream) = request.into_parts();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            messages.push(Ok(message));
        }
        let mut outcome = Err(Status::unavailable("never tried"));
        for _ in 0..=self.0 {
            let stream = MessageStream::new(tokio_stream::iter(messages.clone()));
            let request = Request::from_parts(metadata.clone(), extensions.clone(), stream);
            outcome = next.run(request).await;
            match &outcome {
                Err(status) if status.code() == Code::Unavailable => {}
                _ => break,
            }
        }
        outcome
    }
}

/// Fails this many times, and counts the calls.
#[derive(Clone)]
struct FailFirst {
    failures: usize,
    calls: Arc<AtomicUsize>,
}

impl<N: Next> Interceptor<N> for FailFirst {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let before = self.calls.fetch_add(1, Ordering::SeqCst);
        if before < self.failures {
            return Err(Status::unavailable(format!("not yet: {before}")));
        }
        next.run(request).await
    }
}

struct Flaky {
    fail_first: FailFirst,
}

greeter!(Flaky, [self.fail_first]);

/// Starts a server whose first calls fail, and returns the number of calls.
async fn flaky(failures: usize) -> (Client, Arc<AtomicUsize>) {
    let fail_first = FailFirst { failures, calls: Arc::default() };
    let calls = Arc::clone(&fail_first.calls);
    (connect(GreeterServer::new(Flaky { fail_first })).await, calls)
}

#[tokio::test]
async fn a_unary_call_is_retried_until_it_succeeds() {
    let (server, calls) = flaky(2).await;
    let response = soon(server.through(Retry(5)).say_hello(hello("you"))).await;
    assert_eq!(response.expect("the third one succeeds").into_inner(), reply("Hello you"));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_unary_call_is_retried_until_the_interceptor_gives_up() {
    let (server, calls) = flaky(10).await;
    let outcome = soon(server.through(Retry(3)).say_hello(hello("you"))).await;
    let status = outcome.expect_err("no attempt succeeds");
    // The last attempt's status.
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "not yet: 3"));
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn other_statuses_arent_retried() {
    let (server, calls) = flaky(0).await;
    let outcome = soon(server.through(Retry(3)).say_hello(hello(support::NOBODY))).await;
    assert_eq!(outcome.expect_err("no one is greeted").code(), Code::NotFound);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_streaming_call_is_retried_until_it_succeeds_or_is_given_up() {
    let (server, calls) = flaky(2).await;
    let outcome = soon(server.through(Retry(2)).greet_many_times(many("you", 2))).await;
    let (messages, end) = read(outcome.expect("the third one succeeds").into_inner()).await;
    assert_eq!(messages, ["Hello you 0", "Hello you 1"]);
    end.expect("the stream is complete");
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let (server, calls) = flaky(3).await;
    let outcome = soon(server.through(Retry(2)).greet_many_times(many("you", 2))).await;
    assert_eq!(outcome.expect_err("no attempt succeeds").message(), "not yet: 2");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_buffered_request_stream_is_sent_again() {
    let (server, calls) = flaky(2).await;
    let outcome = soon(server.through(RetryStream(2)).greet_everybody(names(["a", "b"]))).await;
    let response = outcome.expect("the third one succeeds");
    assert_eq!(response.into_inner(), reply("Hello a and b"));
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let (server, calls) = flaky(1).await;
    let outcome = soon(server.through(RetryStream(2)).chat(names(["a", "b"]))).await;
    let (messages, end) = read(outcome.expect("the second one succeeds").into_inner()).await;
    assert_eq!(messages, ["Hello a", "Hello b"]);
    end.expect("the stream is complete");
    assert_eq!(calls.load(Ordering::SeqCst), 2);

    let (server, calls) = flaky(9).await;
    let outcome = soon(server.through(RetryStream(2)).greet_everybody(names(["a"]))).await;
    assert_eq!(outcome.expect_err("no attempt succeeds").message(), "not yet: 2");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

/// A server that greets callers with the token, and counts the calls.
#[derive(Default)]
struct Locked {
    calls: Arc<AtomicUsize>,
}

impl<N: Next> Interceptor<N> for Locked {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match support::values(request.metadata(), "authorization")[..] {
            ["Hello token 2"] => next.run(request).await,
            _ => Err(Status::unauthenticated("the token is old")),
        }
    }
}

struct LockedGreeter {
    locked: Locked,
}

greeter!(LockedGreeter, [self.locked]);

async fn locked() -> (Client, Arc<AtomicUsize>) {
    let locked = Locked::default();
    let calls = Arc::clone(&locked.calls);
    (connect(GreeterServer::new(LockedGreeter { locked })).await, calls)
}

/// Another server, which issues tokens: it greets by name.
struct Tokens;

greeter!(Tokens, []);

/// Adds a token to each call, and gets a new one when it is refused.
struct Refresh {
    token: Mutex<String>,
    tokens: GreeterClient<Channel>,
    refreshed: Arc<AtomicUsize>,
}

impl Refresh {
    fn authorize<T>(&self, mut request: Request<T>) -> Request<T> {
        let token = self.token.lock().expect("it isn't poisoned");
        let token = token.parse().expect("a token is ASCII");
        request.metadata_mut().insert("authorization", token);
        request
    }

    async fn refresh(&self) -> Result<(), Status> {
        let number = self.refreshed.fetch_add(1, Ordering::SeqCst) + 2;
        let response = self.tokens.clone().say_hello(hello(&format!("token {number}"))).await?;
        *self.token.lock().expect("it isn't poisoned") = response.into_inner().message;
        Ok(())
    }
}

impl<N: Next<Request: Clone>> Interceptor<N> for Refresh {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match next.run(self.authorize(copy(&request))).await {
            Err(status) if status.code() == Code::Unauthenticated => {}
            outcome => return outcome,
        }
        self.refresh().await?;
        next.run(self.authorize(request)).await
    }
}

fn refresh(tokens: &Client) -> Refresh {
    let token = Mutex::new("Hello token 1".to_owned());
    Refresh { token, tokens: GreeterClient::new(tokens.channel()), refreshed: Arc::default() }
}

#[tokio::test]
async fn a_token_is_refreshed_and_the_call_retried() {
    let ((server, calls), tokens) = (locked().await, connect(GreeterServer::new(Tokens)).await);
    let refresh = refresh(&tokens);
    let refreshed = Arc::clone(&refresh.refreshed);
    let mut client = server.through(refresh);
    for expected in [2, 3] {
        let response = soon(client.say_hello(hello("you"))).await.expect("the token is new");
        assert_eq!(response.into_inner(), reply("Hello you"));
        // The second call has the new token from the start.
        assert_eq!(calls.load(Ordering::SeqCst), expected);
        assert_eq!(refreshed.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_token_is_refreshed_for_a_response_stream() {
    let ((server, calls), tokens) = (locked().await, connect(GreeterServer::new(Tokens)).await);
    let mut client = server.through(refresh(&tokens));
    let response = soon(client.greet_many_times(many("you", 1))).await.expect("the token is new");
    assert_eq!(read(response.into_inner()).await.0, ["Hello you 0"]);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_whose_token_is_refused_again_fails() {
    let ((server, calls), tokens) = (locked().await, connect(GreeterServer::new(Tokens)).await);
    let refresh = refresh(&tokens);
    // The next token isn't the one that the server expects.
    refresh.refreshed.store(7, Ordering::SeqCst);
    let outcome = soon(server.through(refresh).say_hello(hello("you"))).await;
    let status = outcome.expect_err("the token is another");
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "the token is old"));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// Gets a token before each call, which also works for RPCs whose requests can't be sent again.
struct Ask(GreeterClient<Channel>);

impl<N: Next> Interceptor<N> for Ask {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = self.0.clone().say_hello(hello("token 2")).await?;
        let token = response.into_inner().message.parse().expect("a token is ASCII");
        request.metadata_mut().insert("authorization", token);
        next.run(request).await
    }
}

#[tokio::test]
async fn a_token_is_fetched_before_a_call_of_any_kind() {
    let ((server, calls), tokens) = (locked().await, connect(GreeterServer::new(Tokens)).await);
    let mut client = server.through(Ask(GreeterClient::new(tokens.channel())));
    let answers = call_each_through(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

fn attempt<T: Clone>(request: &Request<T>, name: &'static str) -> Request<T> {
    let mut request = copy(request);
    request.metadata_mut().insert("attempt", MetadataValue::from_static(name));
    request
}

/// Makes a call twice concurrently, and takes the first outcome.
#[interceptor]
async fn hedge<N: Next<Request: Clone>>(
    request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    tokio::select! {
        outcome = next.run(attempt(&request, "slow")) => outcome,
        outcome = next.run(attempt(&request, "quick")) => outcome,
    }
}

/// Waits for both.
#[interceptor]
async fn both<N: Next<Request: Clone>>(
    request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let (first, second) =
        tokio::join!(next.run(attempt(&request, "first")), next.run(attempt(&request, "second")));
    first.and(second)
}

/// Reports what happens to each call. The slow one never ends; the quick one ends as soon as the
/// slow one has arrived.
struct Racing {
    events: UnboundedSender<String>,
    slow_waits: Notify,
}

struct Guard {
    events: UnboundedSender<String>,
    attempt: String,
    answered: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            tell(&self.events, format!("{} is dropped", self.attempt));
        }
    }
}

impl Racing {
    async fn race<T>(&self, request: Request<T>) -> HelloReply {
        let attempt = support::values(request.metadata(), "attempt").concat();
        tell(&self.events, format!("{attempt} begins"));
        let events = self.events.clone();
        let mut guard = Guard { events, attempt: attempt.clone(), answered: false };
        match attempt.as_str() {
            "slow" => {
                self.slow_waits.notify_one();
                std::future::pending::<()>().await;
            }
            "quick" => self.slow_waits.notified().await,
            _ => {}
        }
        guard.answered = true;
        reply(attempt)
    }
}

#[intercepted]
impl stubs::Greeter for Racing {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(self.race(request).await))
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let reply = self.race(request).await;
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(reply)))))
    }
}

async fn racing() -> (Client, UnboundedReceiver<String>) {
    let (events, receiver) = events();
    let racing = Racing { events, slow_waits: Notify::new() };
    (connect(stubs::GreeterServer::new(racing)).await, receiver)
}

/// Both calls have started, in any order, and the slow one was cancelled.
async fn assert_cancelled(server: Client, mut events: UnboundedReceiver<String>) {
    let mut begun = [next(&mut events).await, next(&mut events).await];
    begun.sort_unstable();
    assert_eq!(begun, ["quick begins", "slow begins"]);
    // This happens while the connection is still open.
    assert_eq!(next(&mut events).await, "slow is dropped");
    drop(server);
    assert_eq!(all(events).await, [""; 0]);
}

#[tokio::test]
async fn the_first_of_two_unary_calls_wins_and_the_other_is_cancelled_on_the_wire() {
    let (server, events) = racing().await;
    let mut client = server.through(hedge);
    let response = soon(client.say_hello(hello("you"))).await.expect("the quick one answers");
    assert_eq!(response.into_inner(), reply("quick"));
    assert_cancelled(server, events).await;
}

#[tokio::test]
async fn the_first_of_two_response_streams_wins_and_the_other_is_cancelled_on_the_wire() {
    let (server, events) = racing().await;
    let mut client = server.through(hedge);
    let outcome = soon(client.greet_many_times(many("you", 1))).await;
    let (messages, _) = read(outcome.expect("the quick one answers").into_inner()).await;
    assert_eq!(messages, ["quick"]);
    assert_cancelled(server, events).await;
}

#[tokio::test]
async fn two_concurrent_calls_both_finish() {
    let (server, mut events) = racing().await;
    let response = soon(server.through(both).say_hello(hello("you"))).await.expect("both answer");
    assert_eq!(response.into_inner(), reply("second"));
    let mut begun = [next(&mut events).await, next(&mut events).await];
    begun.sort_unstable();
    assert_eq!(begun, ["first begins", "second begins"]);
}
