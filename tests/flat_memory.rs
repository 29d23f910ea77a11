//! A stream of any length passes through the chain in a constant amount of memory.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use allocation_counter::AllocationInfo;
use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload as _};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{Client, HelloReply, connect_with_windows, greeter, hello, many};
use tokio::runtime::Builder;
use tonic::{Request, Response, Streaming};

const MESSAGES: u32 = 100_000;

/// Each message is about a hundred bytes, so all of them together would take at least 10 MB.
const NAME: &str = "somebody whose name alone is as long as all of what other people have to say to \
                    each other";

/// The most that client and server together may have allocated at any time while a stream passes:
/// mostly HTTP/2's buffers and windows.
const BOUND: u64 = 1_000_000;

/// Wraps the streams in every adapter there is, and counts the messages of both.
struct Inspect {
    seen: Arc<AtomicU32>,
}

impl<N: Next> Interceptor<N> for Inspect {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let seen = Arc::clone(&self.seen);
        let request = request.map(|payload| {
            payload.inspect_messages(move |_| count(&seen)).map_messages(|message| message)
        });
        let seen = Arc::clone(&self.seen);
        let (metadata, payload, extensions) = next.run(request).await?.into_parts();
        let payload = payload
            .inspect_messages(move |_| count(&seen))
            .try_map_messages(Ok)?
            .map_errors(|status| status)
            .on_end(|_| {});
        Ok(Response::from_parts(metadata, payload, extensions))
    }
}

fn count(seen: &AtomicU32) {
    seen.fetch_add(1, Ordering::Relaxed);
}

struct Inspected {
    inspect: Inspect,
}

greeter!(Inspected, [self.inspect, self.inspect, self.inspect]);

/// Measures what client and server allocate during a call. Both run on this thread, and are
/// connected beforehand.
fn measure<S>(service: S, call: impl AsyncFnOnce(&mut Client)) -> AllocationInfo
where
    S: Greeter,
{
    let runtime = Builder::new_current_thread().enable_all().build().expect("it can be built");
    let mut client =
        runtime.block_on(connect_with_windows(GreeterServer::new(service), Some(65_535)));
    allocation_counter::measure(|| runtime.block_on(call(&mut client)))
}

/// Reads a stream of greetings, which are numbered if the server generates them.
async fn read_all(mut stream: Streaming<HelloReply>, numbered: bool) {
    let greeting = format!("Hello {NAME}");
    let mut read = 0;
    while let Some(HelloReply { message }) = stream.message().await.expect("the stream is complete")
    {
        let number = message.strip_prefix(&greeting).expect("it is a greeting").trim_start();
        if numbered {
            assert_eq!(number.parse(), Ok(read));
        } else {
            assert_eq!(number, "");
        }
        read += 1;
    }
    assert_eq!(read, MESSAGES);
}

async fn greet_many_times(client: &mut Client) {
    let response = client.greet_many_times(many(NAME, MESSAGES)).await.expect("the stream starts");
    read_all(response.into_inner(), true).await;
}

async fn chat(client: &mut Client) {
    let requests = tokio_stream::iter((0..MESSAGES).map(|_| hello(NAME)));
    let response = client.chat(requests).await.expect("the stream starts");
    read_all(response.into_inner(), false).await;
}

/// What the call allocates with a chain of three interceptors, and what each of them saw.
fn measure_inspected(call: impl AsyncFnOnce(&mut Client)) -> (AllocationInfo, u32) {
    let seen = Arc::<AtomicU32>::default();
    let inspect = Inspect { seen: Arc::clone(&seen) };
    let measured = measure(Inspected { inspect }, call);
    (measured, seen.load(Ordering::Relaxed) / 3)
}

#[test]
fn a_hundred_thousand_responses_take_no_more_memory_than_a_few() {
    let (measured, seen) = measure_inspected(greet_many_times);
    println!("{} bytes at most", measured.bytes_max);
    assert!(measured.bytes_max < BOUND, "{measured:?}");
    assert_eq!(seen, 1 + MESSAGES);
}

#[test]
fn a_chat_of_a_hundred_thousand_messages_takes_no_more_memory_than_a_few() {
    let (measured, seen) = measure_inspected(chat);
    println!("{} bytes at most", measured.bytes_max);
    assert!(measured.bytes_max < BOUND, "{measured:?}");
    assert_eq!(seen, 2 * MESSAGES);
}

/// What an interceptor must not do.
async fn hoard<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    let (metadata, mut stream, extensions) = next.run(request).await?.into_parts();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.push(Ok(message));
    }
    let stream = MessageStream::new(tokio_stream::iter(messages));
    Ok(Response::from_parts(metadata, stream, extensions))
}

struct Hoarding;

greeter!(Hoarding, [], [], [], [hoard], [hoard]);

/// Checks the measurement itself.
#[test]
fn messages_that_an_interceptor_keeps_are_measured() {
    let measured = measure(Hoarding, greet_many_times);
    println!("{} bytes at most", measured.bytes_max);
    assert!(measured.bytes_max > 4 * BOUND, "{measured:?}");
}
