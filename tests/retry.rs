//! `next` can be called again: each time, the rest of the chain runs on the request it is given.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
use support::{HelloReply, HelloRequest, connect, hello, reply, soon};
use tokio::sync::Notify;
use tonic::{Code, Request, Response, Status, metadata::MetadataValue};

/// Retries while the status is `UNAVAILABLE`, at most three times, and tells the handler which
/// attempt it is.
async fn retry<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request: Clone>,
{
    let (metadata, extensions, message) = request.into_parts();
    let mut outcome = Err(Status::unavailable("never tried"));
    for attempt in ["first", "second", "third"] {
        let mut metadata = metadata.clone();
        metadata.insert("attempt", MetadataValue::from_static(attempt));
        let request = Request::from_parts(metadata, extensions.clone(), message.clone());
        outcome = next.run(request).await;
        match &outcome {
            Err(status) if status.code() == Code::Unavailable => {}
            _ => break,
        }
    }
    outcome
}

/// Records what passes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, line: impl Into<String>) {
        self.0.lock().expect("it isn't poisoned").push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("it isn't poisoned"))
    }
}

impl<N: Next> Interceptor<N> for Log {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.push(support::values(request.metadata(), "attempt").join(" "));
        let outcome = next.run(request).await;
        self.push(match &outcome {
            Ok(_) => "answered".to_owned(),
            Err(status) => format!("{:?}", status.code()),
        });
        outcome
    }
}

/// Answers on the third attempt.
struct Flaky {
    outside: Log,
    inside: Log,
    failures: AtomicU32,
}

#[intercepted(self.outside, retry, self.inside)]
impl Greeter for Flaky {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        self.inside.push(format!("handler gets {name}"));
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |failures| failures.checked_sub(1));
        match left {
            Ok(_) => Err(Status::unavailable("not yet")),
            Err(_) => Ok(Response::new(reply(format!("Hello {name}")))),
        }
    }
}

#[tokio::test]
async fn a_retry_repeats_everything_inside_it_and_nothing_outside() {
    let (outside, inside) = (Log::default(), Log::default());
    let flaky =
        Flaky { outside: outside.clone(), inside: inside.clone(), failures: AtomicU32::new(2) };
    let mut client = connect(GreeterServer::new(flaky)).await;
    let response = soon(client.say_hello(hello("you"))).await.expect("the third attempt succeeds");
    assert_eq!(response.into_inner().message, "Hello you");
    assert_eq!(outside.take(), ["", "answered"]);
    let attempts = [
        ["first", "handler gets you", "Unavailable"],
        ["second", "handler gets you", "Unavailable"],
        ["third", "handler gets you", "answered"],
    ];
    assert_eq!(inside.take(), attempts.concat());
}

#[tokio::test]
async fn the_last_attempt_is_the_outcome() {
    let (outside, inside) = (Log::default(), Log::default());
    let flaky =
        Flaky { outside: outside.clone(), inside: inside.clone(), failures: AtomicU32::new(4) };
    let mut client = connect(GreeterServer::new(flaky)).await;
    let status = soon(client.say_hello(hello("you"))).await.expect_err("all attempts fail");
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "not yet"));
    assert_eq!(outside.take(), ["", "Unavailable"]);
    assert_eq!(inside.take().len(), 9);
}

/// Runs two attempts concurrently, and takes the first answer.
async fn hedge<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = HelloRequest>,
{
    let attempt = |name: &str| next.run(Request::new(hello(name)));
    drop(request);
    tokio::select! {
        outcome = attempt("slow") => outcome,
        outcome = attempt("quick") => outcome,
    }
}

/// Answers the quick call once the slow one has arrived, and never answers the slow one.
#[derive(Default)]
struct Racing {
    slow_waits: Notify,
}

#[intercepted(hedge)]
impl Greeter for Racing {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        if name == "slow" {
            self.slow_waits.notify_one();
            std::future::pending::<()>().await;
        }
        self.slow_waits.notified().await;
        Ok(Response::new(reply(name)))
    }
}

#[tokio::test]
async fn two_attempts_can_run_concurrently() {
    let mut client = connect(GreeterServer::new(Racing::default())).await;
    let response = soon(client.say_hello(hello("you"))).await.expect("the quick one answers");
    assert_eq!(response.into_inner().message, "quick");
}
