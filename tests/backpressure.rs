//! The chain doesn't read a stream ahead: a sender gets only as far ahead of a slow reader as
//! HTTP/2's windows and buffers allow.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{Context, MessageStream, Next, Outcome, Payload as _, intercepted};
use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
use support::{
    Client, GreetManyTimesRequest, HelloReply, HelloRequest, connect_with_windows, events, many,
    reply, soon, tell,
};
use tokio::sync::{Mutex, mpsc};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

const MESSAGES: usize = 100;

/// A large message, so that only a few fit into a window and the buffers on both sides.
fn text() -> String {
    "x".repeat(32 * 1024)
}

const WINDOW: u32 = 65_535;

/// How far ahead is acceptable: the messages that fit into the window (2) and into the buffers of
/// HTTP/2, tonic and the decoder.
const AHEAD: usize = 20;

/// Counts the messages that were produced.
#[derive(Clone, Default)]
struct Produced(Arc<AtomicUsize>);

impl Produced {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Produces messages on demand.
    fn messages<M>(&self, make: fn() -> M) -> impl Iterator<Item = M> + use<M> {
        let produced = self.clone();
        (0..MESSAGES).map(move |_| {
            produced.0.fetch_add(1, Ordering::SeqCst);
            make()
        })
    }
}

/// Wraps a stream in every adapter there is.
async fn inspect<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let request = request.map(|payload| {
        payload.inspect_messages(|_| {}).map_messages(|message| message).on_end(|_| {})
    });
    let (metadata, payload, extensions) = next.run(request).await?.into_parts();
    let payload = payload
        .inspect_messages(|_| {})
        .try_map_messages(Ok)?
        .map_errors(|status| status)
        .on_end(|_| {});
    Ok(Response::from_parts(metadata, payload, extensions))
}

/// What an interceptor can do but shouldn't: it reads the whole stream.
async fn read_ahead<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    let response = next.run(request).await?;
    Ok(response.map(|mut stream| {
        let (sender, receiver) = events();
        tokio::spawn(async move {
            while let Some(item) = stream.next().await {
                tell(&sender, item);
            }
        });
        MessageStream::new(UnboundedReceiverStream::new(receiver))
    }))
}

/// Gives all other tasks, which run on the same thread, many chances to make progress.
async fn let_others_run() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Reads slowly, and returns the most that the handler was ahead.
async fn read_slowly(client: &mut Client, produced: &Produced) -> usize {
    let response = soon(client.greet_many_times(many("", 0))).await.expect("the stream starts");
    let mut stream = response.into_inner();
    let mut ahead = 0;
    for read in 0..MESSAGES {
        let_others_run().await;
        ahead = ahead.max(produced.get() - read);
        let message = soon(stream.message()).await.expect("the stream continues");
        assert_eq!(message, Some(reply(text())));
    }
    assert_eq!(soon(stream.message()).await.expect("the stream completes"), None);
    assert_eq!(produced.get(), MESSAGES);
    ahead
}

macro_rules! producer {
    ($producer:ident, [$($entries:tt)*]) => {
        struct $producer(Produced);

        #[intercepted($($entries)*)]
        impl Greeter for $producer {
            async fn greet_many_times(
                &self,
                _: Request<GreetManyTimesRequest>,
            ) -> Result<Response<BoxStream<HelloReply>>, Status> {
                let messages = self.0.messages(|| Ok(reply(text())));
                Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
            }
        }
    };
}

producer!(Inspected, [inspect, inspect, inspect]);
producer!(ReadAhead, [inspect, read_ahead, inspect]);

#[tokio::test]
async fn a_handler_is_not_far_ahead_of_a_slow_client() {
    let produced = Produced::default();
    let server = GreeterServer::new(Inspected(produced.clone()));
    let mut client = connect_with_windows(server, Some(WINDOW)).await;
    let ahead = read_slowly(&mut client, &produced).await;
    println!("{ahead} messages ahead");
    assert!(ahead <= AHEAD, "{ahead} messages ahead");
}

/// Checks the measurement itself.
#[tokio::test]
async fn a_handler_is_far_ahead_if_an_interceptor_reads_ahead() {
    let produced = Produced::default();
    let server = GreeterServer::new(ReadAhead(produced.clone()));
    let mut client = connect_with_windows(server, Some(WINDOW)).await;
    let ahead = read_slowly(&mut client, &produced).await;
    assert!(ahead > 2 * AHEAD, "{ahead} messages ahead");
}

/// Reads a request each time the test tells it to.
struct SlowReader {
    read_one: Mutex<mpsc::UnboundedReceiver<()>>,
    was_read: mpsc::UnboundedSender<()>,
}

#[intercepted(inspect, inspect, inspect)]
impl Greeter for SlowReader {
    async fn greet_everybody(
        &self,
        mut request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut read_one = self.read_one.lock().await;
        while let Some(()) = read_one.recv().await {
            if request.get_mut().message().await?.is_none() {
                break;
            }
            tell(&self.was_read, ());
        }
        Ok(Response::new(reply("all read")))
    }
}

#[tokio::test]
async fn a_client_is_not_far_ahead_of_a_slow_handler() {
    let ((read_one, reads), (was_read, mut read)) = (events(), events());
    let service = SlowReader { read_one: Mutex::new(reads), was_read };
    let client = connect_with_windows(GreeterServer::new(service), Some(WINDOW)).await;

    let produced = Produced::default();
    let requests = tokio_stream::iter(produced.messages(|| HelloRequest { name: text() }));
    let mut greeter = client.clone();
    let call = tokio::spawn(async move { greeter.greet_everybody(requests).await });
    let mut ahead = 0;
    for already_read in 0..MESSAGES {
        let_others_run().await;
        ahead = ahead.max(produced.get() - already_read);
        tell(&read_one, ());
        support::next(&mut read).await;
    }
    // There is nothing left to read.
    tell(&read_one, ());
    let response = soon(call).await.expect("it doesn't panic").expect("the handler answers");
    assert_eq!(response.into_inner().message, "all read");
    println!("{ahead} messages ahead");
    assert!(ahead <= AHEAD, "{ahead} messages ahead");
}
