//! Interceptors allocate nothing for each message of a stream, whether they look at the messages or
//! not: boxes are put around the stream rather than its messages. This holds on a server, in both
//! forms, and on a client. Only a run-time list allocates for messages that are looked at.

mod support;

use std::{
    future::Future,
    pin::pin,
    task::{Context as TaskContext, Poll, Waker},
};

use grpc_interceptor::{Context, Next, Outcome, Payload as _, interceptor, interceptors::List};
use support::{GeneratedServer, GreeterClient, GreeterServer, HelloReply, greeter, hello, many};
use tonic::{Request, Streaming};

const SHORT: u32 = 1_000;
const LONG: u32 = 11_000;

#[interceptor]
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Looks at each message, in both directions.
#[interceptor]
async fn look<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let request = request.map(|payload| payload.inspect_messages(|_| {}));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.inspect_messages(|_| {}).on_end(|_| {})))
}

/// Allocates once for each message, in both directions.
#[interceptor]
async fn allocate<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let note = |length: usize| drop(std::hint::black_box(Box::new(length)));
    let request = request.map(|payload| payload.inspect_messages(move |_| note(1)));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.inspect_messages(move |_| note(2))))
}

struct Plain;
struct Passed;
struct Looked;
struct LookedFiveTimes;
struct Allocated;

greeter!(Plain, []);
greeter!(Passed, [pass, pass, pass, pass, pass]);
greeter!(Looked, [look]);
greeter!(LookedFiveTimes, [look, look, look, look, look]);
greeter!(Allocated, [allocate]);

/// Measures what the client and the server allocate during a call, in process.
fn allocations(call: impl Future<Output = u32>, messages: u32) -> u64 {
    let measured = allocation_counter::measure(|| {
        let polled = pin!(call).poll(&mut TaskContext::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(messages), "nothing waits, and all messages come");
    });
    measured.count_total
}

async fn read(mut stream: Streaming<HelloReply>) -> u32 {
    let mut read = 0;
    while stream.message().await.expect("the stream is complete").is_some() {
        read += 1;
    }
    read
}

/// Allocations for each message of a server stream, and for each pair in a chat. Both kinds of
/// client have the same methods.
macro_rules! per_message {
    ($client:expr) => {{
        let mut client = $client;
        let mut server_stream = |times| {
            let call = async {
                read(client.greet_many_times(many("", times)).await.unwrap().into_inner()).await
            };
            allocations(call, times)
        };
        let server_stream = difference(server_stream(SHORT), server_stream(LONG));
        let mut chat = |times: u32| {
            let call = async {
                let requests = tokio_stream::iter((0..times).map(|_| hello("")));
                read(client.chat(requests).await.unwrap().into_inner()).await
            };
            allocations(call, times)
        };
        (server_stream, difference(chat(SHORT), chat(LONG)))
    }};
}

/// What one more message allocates. A stream's buffers can grow now and then.
fn difference(short: u64, long: u64) -> u64 {
    (long - short + u64::from(LONG - SHORT) / 2) / u64::from(LONG - SHORT)
}

fn of_server(server: impl GeneratedServer) -> (u64, u64) {
    per_message!(GreeterClient::new(server))
}

fn bare() -> (u64, u64) {
    of_server(GreeterServer::new(Plain))
}

#[test]
fn the_attributes_interceptors_allocate_nothing_per_message() {
    assert_eq!(of_server(GreeterServer::new(Passed)), bare());
    assert_eq!(of_server(GreeterServer::new(Looked)), bare(), "looks");
    assert_eq!(of_server(GreeterServer::new(LookedFiveTimes)), bare(), "five look");
}

#[test]
fn a_servers_interceptors_allocate_nothing_per_message() {
    let five = (pass, pass, pass, pass, pass);
    assert_eq!(of_server(GreeterServer::with_interceptors(Plain, five)), bare());
    assert_eq!(of_server(GreeterServer::with_interceptors(Plain, look)), bare(), "looks");
    let five = (look, look, look, look, look);
    assert_eq!(of_server(GreeterServer::with_interceptors(Plain, five)), bare(), "five look");
}

#[test]
fn a_clients_interceptors_allocate_nothing_per_message() {
    let server = || GreeterServer::new(Plain);
    let five = (pass, pass, pass, pass, pass);
    assert_eq!(per_message!(GreeterClient::with_interceptors(server(), five)), bare());
    assert_eq!(per_message!(GreeterClient::with_interceptors(server(), look)), bare(), "looks");
    let five = (look, look, look, look, look);
    assert_eq!(per_message!(GreeterClient::with_interceptors(server(), five)), bare(), "five look");
}

/// An interceptor in a list doesn't know the types, so each message it looks at is boxed.
#[test]
fn a_run_time_list_allocates_for_messages_it_looks_at() {
    let list = |interceptors: List| GreeterServer::with_interceptors(Plain, interceptors);
    assert_eq!(of_server(list([pass; 5].into_iter().collect())), bare());
    let (server_stream, chat) = bare();
    // Once for each message, so twice for a pair.
    let looked = of_server(list([look].into_iter().collect()));
    assert_eq!(looked, (server_stream + 1, chat + 2));
}

/// Checks the measurement itself.
#[test]
fn an_interceptor_that_allocates_is_measured() {
    let (server_stream, chat) = bare();
    assert_eq!(of_server(GreeterServer::new(Allocated)), (server_stream + 1, chat + 2));
}
