//! The kit's `next` behaves like that of a client or a server: it sees a timeout, runs in scopes,
//! and can be detached.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use grpc_interceptor::{Context, Detach, Interceptor, MessageStream, Next, Outcome, testing::next};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

const NAME: &str = "/pkg.Service/Method";

tokio::task_local! {
    static INSIDE: ();
}

/// Sets a timeout, and sees it.
struct SetTimeout;

impl<N: Next> Interceptor<N> for SetTimeout {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.set_timeout(Duration::from_secs(1));
        next.run(request).await
    }
}

/// Refuses calls without a deadline.
struct NeedsDeadline;

impl<N: Next> Interceptor<N> for NeedsDeadline {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        match context.deadline() {
            Some(_) => next.run(request).await,
            None => Err(Status::failed_precondition("there is no deadline")),
        }
    }
}

#[tokio::test]
async fn a_timeout_is_seen_inside_on_a_client() {
    let answer = |request: Request<u8>| async { Ok(Response::new(request.into_inner())) };
    let next = next::unary(NAME, &answer);
    let chain = (SetTimeout, NeedsDeadline);
    let on_client = next.on_client();
    chain.intercept(Request::new(1), on_client.context(), on_client).await.expect("it is seen");
    chain.intercept(Request::new(1), next.context(), next).await.expect_err("a server's isn't");
}

struct InScope;

impl<N: Next> Interceptor<N> for InScope {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.in_scope(|run: &mut dyn FnMut()| INSIDE.sync_scope((), run)).run(request).await
    }
}

#[tokio::test]
async fn a_request_stream_is_read_inside_a_scope_on_a_client() {
    static SEEN: AtomicBool = AtomicBool::new(false);
    // Reads the stream in a separate task, as the transport does.
    let answer = |request: Request<MessageStream<u8>>| async {
        let mut messages = request.into_inner();
        let read = tokio::spawn(async move { messages.message().await });
        Ok(Response::new(read.await.expect("it doesn't panic")?.expect("there is one")))
    };
    let next = next::client_streaming(NAME, &answer).on_client();
    let messages = MessageStream::new(tokio_stream::iter([Ok(1)]).map(|item| {
        SEEN.store(INSIDE.try_with(|()| ()).is_ok(), Ordering::Relaxed);
        item
    }));
    let outcome = InScope.intercept(Request::new(messages), next.context(), next).await;
    assert_eq!(outcome.expect("it answers").into_inner(), 1);
    assert!(SEEN.load(Ordering::Relaxed));
}

/// Lets the handler finish although its client has disconnected.
struct Finish;

impl<N: Next + Detach> Interceptor<N> for Finish {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tokio::spawn(next.detach().run(request)).await.expect("it doesn't panic")
    }
}

#[tokio::test(start_paused = true)]
async fn it_can_be_detached() {
    static FINISHED: AtomicBool = AtomicBool::new(false);
    let answer = |request: Request<u8>| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        FINISHED.store(true, Ordering::Relaxed);
        Ok(Response::new(request.into_inner()))
    };
    let next = next::unary(NAME, &answer);
    let call = Finish.intercept(Request::new(1), next.context(), next);
    let left = tokio::time::timeout(Duration::from_millis(500), call).await;
    assert!(left.is_err() && !FINISHED.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(FINISHED.load(Ordering::Relaxed));
}
