//! The kit's `next`: calls an interceptor alone, without a client or a server, for each kind of
//! RPC.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _, RpcKind, Side, testing::next,
};
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status};

use crate::interceptors::{Mark, Retry, Tag};

const NAME: &str = "/pkg.Service/Method";

/// Doubles all messages, in both directions.
struct Double;

impl<N: Next<RequestMessage = u32, ResponseMessage = u32>> Interceptor<N> for Double {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| payload.map_messages(|number| 2 * number));
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_messages(|number| 2 * number)))
    }
}

fn stream(numbers: &[u32]) -> MessageStream<u32> {
    MessageStream::new(tokio_stream::iter(numbers.to_vec()).map(Ok))
}

async fn read(mut stream: MessageStream<u32>) -> Vec<u32> {
    let mut numbers = Vec::new();
    while let Some(number) = stream.message().await.expect("it completes") {
        numbers.push(number);
    }
    numbers
}

async fn run<N: Next>(
    interceptor: &impl Interceptor<N>,
    next: N,
    payload: N::Request,
) -> Result<N::Response, Status> {
    let outcome = interceptor.intercept(Request::new(payload), next.context(), next).await;
    outcome.map(Response::into_inner)
}

async fn add_one(request: Request<u32>) -> Result<Response<u32>, Status> {
    Ok(Response::new(request.into_inner() + 1))
}

async fn sum(request: Request<MessageStream<u32>>) -> Result<Response<u32>, Status> {
    Ok(Response::new(read(request.into_inner()).await.into_iter().sum()))
}

async fn count(request: Request<u32>) -> Result<Response<MessageStream<u32>>, Status> {
    Ok(Response::new(stream(&Vec::from_iter(0..request.into_inner()))))
}

async fn echo(
    request: Request<MessageStream<u32>>,
) -> Result<Response<MessageStream<u32>>, Status> {
    Ok(Response::new(request.into_inner()))
}

#[tokio::test]
async fn an_interceptor_of_each_kind_sees_the_messages() {
    assert_eq!(run(&Double, next::unary(NAME, &add_one), 3).await.expect("it answers"), 14);
    let next = next::client_streaming(NAME, &sum);
    assert_eq!(run(&Double, next, stream(&[1, 2])).await.expect("it answers"), 12);
    let next = next::server_streaming(NAME, &count);
    assert_eq!(read(run(&Double, next, 2).await.expect("it answers")).await, [0, 2, 4, 6]);
    let next = next::bidirectional(NAME, &echo);
    let numbers = run(&Double, next, stream(&[1, 2])).await.expect("it answers");
    assert_eq!(read(numbers).await, [4, 8]);
}

fn check_context<N: Next>(next: N, kind: RpcKind, side: Side) {
    let context = next.context();
    assert_eq!((context.method_name().path(), context.kind(), context.side()), (NAME, kind, side));
    assert_eq!(context.deadline(), None);
}

#[tokio::test]
async fn the_context_has_the_kind_and_the_side() {
    check_context(next::unary(NAME, &add_one), RpcKind::Unary, Side::Server);
    check_context(next::client_streaming(NAME, &sum), RpcKind::ClientStreaming, Side::Server);
    check_context(next::server_streaming(NAME, &count), RpcKind::ServerStreaming, Side::Server);
    check_context(next::bidirectional(NAME, &echo), RpcKind::Bidirectional, Side::Server);
    let next = next::unary(NAME, &add_one).on_client();
    check_context(next, RpcKind::Unary, Side::Client);
    let next = next::client_streaming(NAME, &sum).on_client();
    check_context(next, RpcKind::ClientStreaming, Side::Client);
    let next = next::server_streaming(NAME, &count).on_client();
    check_context(next, RpcKind::ServerStreaming, Side::Client);
    let next = next::bidirectional(NAME, &echo).on_client();
    check_context(next, RpcKind::Bidirectional, Side::Client);
}

#[test]
#[should_panic(expected = "a name is")]
fn names_match_the_wire() {
    next::unary("Method", &add_one);
}

/// Fails the first two attempts, and records what is left of the mark at each.
fn attempt<T>(attempts: &AtomicUsize, request: &Request<T>) -> Result<(), Status> {
    assert_eq!(request.extensions().get(), Some(&Tag(7)));
    assert!(request.metadata().contains_key("authorization"));
    match attempts.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err(Status::unavailable("not yet")),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn single_messages_are_sent_again_and_streams_once() {
    let attempts = AtomicUsize::new(0);
    let interceptors = (Mark, Retry);
    let flaky = |request: Request<u32>| async {
        attempt(&attempts, &request)?;
        add_one(request).await
    };
    assert_eq!(run(&interceptors, next::unary(NAME, &flaky), 3).await.expect("at last"), 4);
    assert_eq!(attempts.swap(0, Ordering::SeqCst), 3);

    let flaky = |request: Request<u32>| async {
        attempt(&attempts, &request)?;
        count(request).await
    };
    let numbers = run(&interceptors, next::server_streaming(NAME, &flaky), 2).await;
    assert_eq!(read(numbers.expect("at last")).await, [0, 1]);
    assert_eq!(attempts.swap(0, Ordering::SeqCst), 3);

    let flaky = |request: Request<MessageStream<u32>>| async {
        attempt(&attempts, &request)?;
        sum(request).await
    };
    let outcome = run(&interceptors, next::client_streaming(NAME, &flaky), stream(&[1])).await;
    assert_eq!(outcome.expect_err("it is sent once").code(), Code::Unavailable);
    assert_eq!(attempts.swap(0, Ordering::SeqCst), 1);

    let flaky = |request: Request<MessageStream<u32>>| async {
        attempt(&attempts, &request)?;
        echo(request).await
    };
    let outcome = run(&interceptors, next::bidirectional(NAME, &flaky), stream(&[1])).await;
    assert_eq!(outcome.expect_err("it is sent once").code(), Code::Unavailable);
    assert_eq!(attempts.swap(0, Ordering::SeqCst), 1);
}

const SECOND: Duration = Duration::from_secs(1);

/// Gives the rest a second.
struct InASecond;

impl<N: Next> Interceptor<N> for InASecond {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let context = context.with_deadline((Instant::now() + SECOND).into_std());
        let next = next.with_context(context);
        assert_eq!(next.context().time_remaining(), Some(SECOND));
        next.run_in_time(request).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_closures_future_and_stream() {
    let start = Instant::now();
    let never = |_: Request<u32>| std::future::pending::<Result<Response<u32>, Status>>();
    let outcome = run(&InASecond, next::unary(NAME, &never), 3).await;
    assert_eq!(outcome.expect_err("it hangs").code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed(), SECOND);

    let silent = |_: Request<MessageStream<u32>>| async {
        Ok(Response::new(MessageStream::<u32>::new(tokio_stream::pending())))
    };
    let outcome = run(&InASecond, next::bidirectional(NAME, &silent), stream(&[])).await;
    let mut numbers = outcome.expect("the stream starts");
    let status = numbers.message().await.expect_err("it hangs");
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, 2 * SECOND));
}
