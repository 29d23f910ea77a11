//! A refused call is refused immediately, before its announced message has arrived.

use std::time::Duration;

use grpc_interceptor::{
    InterceptorLayer,
    testing::{self, RunningServer},
};
use http_body_util::StreamBody;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{
    body::Body,
    codegen::{
        Bytes,
        http::{self, StatusCode},
    },
    service::LayerExt as _,
    transport::Server,
};

use crate::{
    greeter::Greeter,
    http::{Answer, PATHS, request},
    interceptors::{Auth, Log},
    support::{hello, soon},
};

const ANNOUNCED: u32 = 4 * 1024 * 1024 - 64;

/// The prefix of a message of almost 4 MiB, and this much of the message.
fn announce(sent: usize) -> Bytes {
    [&[0], &ANNOUNCED.to_be_bytes()[..], &vec![b'x'; sent]].concat().into()
}

async fn serve(log: &Log, greeter: &Greeter) -> RunningServer {
    let layer = InterceptorLayer::new((log.clone(), Auth));
    let router = Server::builder().layer(layer).add_service(greeter.server());
    testing::serve(router).on_loopback().start().await.unwrap()
}

async fn connect(server: &RunningServer) -> SendRequest<Body> {
    let stream = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A body that never ends and starts with this. Reports when it is no longer read.
fn unfinished(start: Bytes) -> (Body, mpsc::Sender<Bytes>) {
    let (sender, receiver) = mpsc::channel(1);
    let data = tokio_stream::once(start).chain(ReceiverStream::new(receiver));
    let frames = data.map(|data| Ok::<_, tonic::Status>(http_body::Frame::data(data)));
    (Body::new(StreamBody::new(frames)), sender)
}

/// A call that announces a message and doesn't send it. Ends when the server drops it.
async fn announce_and_wait(mut sender: SendRequest<Body>, path: &str, sent: usize) -> Answer {
    let (body, rest) = unfinished(announce(sent));
    let request = request(&format!("http://somewhere{path}"), body);
    let answer = Answer::read(soon(sender.send_request(request)).await.unwrap()).await;
    // The stream is reset: the caller doesn't need to send the rest.
    soon(rest.closed()).await;
    answer
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    // In the headers, with nothing after them.
    assert_eq!(answer.headers["grpc-status"], "16");
    assert_eq!(answer.headers["grpc-message"], "who%20is%20there%3F");
    assert_eq!(answer.headers["content-type"], "application/grpc");
    assert!(answer.data.is_empty() && answer.trailers.is_empty());
}

/// One call that sends nothing, one that sends only the prefix, and some that send a part of the
/// message.
const PARTS: [Option<usize>; 5] = [None, Some(0), Some(1), Some(10_000), Some(60_000)];

async fn refused(sender: SendRequest<Body>, path: &'static str, part: Option<usize>) -> Answer {
    let Some(sent) = part else {
        let (body, rest) = unfinished(Bytes::new());
        let mut sender = sender;
        let request = request(&format!("http://somewhere{path}"), body);
        let answer = Answer::read(soon(sender.send_request(request)).await.unwrap()).await;
        soon(rest.closed()).await;
        return answer;
    };
    announce_and_wait(sender, path, sent).await
}

#[tokio::test]
async fn fifty_callers_are_answered_before_their_messages_arrive() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let server = serve(&log, &greeter).await;
    let mut callers = JoinSet::new();
    for number in 0..50 {
        let sender = connect(&server).await;
        callers.spawn(refused(sender, PATHS[number % 4], PARTS[number % PARTS.len()]));
    }
    let answers = soon(callers.join_all()).await;
    assert_eq!(answers.len(), 50);
    answers.iter().for_each(assert_refused);

    let lines = log.take();
    assert_eq!(lines.len(), 50);
    for line in lines {
        assert!(line.ends_with("Unknown: Unauthenticated, 0 in, 0 out"), "{line}");
    }
    assert_eq!(greeter.runs(), 0);
    server.shutdown().await;
}

/// All on one connection, whose windows would be used up by unread messages.
#[tokio::test]
async fn fifty_calls_of_one_caller_are_answered() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let server = serve(&log, &greeter).await;
    let sender = connect(&server).await;
    for number in 0..50 {
        let part = PARTS[number % PARTS.len()];
        assert_refused(&refused(sender.clone(), PATHS[number % 4], part).await);
    }
    assert_eq!(log.take().len(), 50);
    // Nothing remains that a call with a token would have to wait for.
    let mut request = request("http://somewhere/greeter.v1.Greeter/SayHello", crate::http::one());
    crate::http::set(&mut request, "authorization", crate::interceptors::TOKEN);
    let request = request.map(|data| Body::new(http_body_util::Full::new(data)));
    let mut sender = sender;
    let answer = Answer::read(soon(sender.send_request(request)).await.unwrap()).await;
    assert_eq!(answer.code(), Some("0"));
    assert_eq!(greeter.runs(), 1);
}

/// With the token, the service waits for the message, as it does without a layer.
#[tokio::test]
async fn a_call_with_the_token_is_waited_for() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let server = serve(&log, &greeter).await;
    let mut sender = connect(&server).await;
    let (body, _rest) = unfinished(announce(10));
    let mut request = request("http://somewhere/greeter.v1.Greeter/SayHello", body);
    crate::http::set(&mut request, "authorization", crate::interceptors::TOKEN);
    let call = sender.send_request(request);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    assert_eq!(greeter.runs(), 0);
    drop(sender);
    server.shutdown().await;
    // The service answered: the message it waited for has failed.
    assert_eq!(log.take(), ["/greeter.v1.Greeter/SayHello Unknown: Unknown, 0 in, 0 out"]);
    assert_eq!(greeter.runs(), 0);
}

/// The body is dropped without being polled, and nothing of the call remains.
#[tokio::test]
async fn nothing_is_read_and_nothing_is_held() {
    use std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll},
    };

    struct Polled(Arc<AtomicUsize>);

    impl http_body::Body for Polled {
        type Data = Bytes;
        type Error = tonic::Status;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, tonic::Status>>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Poll::Pending
        }
    }

    let (log, greeter) = (Log::default(), Greeter::default());
    let server = tower::ServiceBuilder::new()
        .layer(InterceptorLayer::new((log.clone(), Auth)))
        .named_layer(greeter.server());
    let polls = Arc::new(AtomicUsize::new(0));
    for number in 0..50 {
        let request = request(PATHS[number % 4], Polled(polls.clone()));
        let mut service = server.clone();
        let response: http::Response<Body> =
            soon(tower::Service::call(&mut service, request)).await.unwrap();
        // Before the response is read.
        assert_eq!(Arc::strong_count(&polls), 1);
        assert_refused(&Answer::read(response).await);
    }
    assert_eq!(polls.load(Ordering::SeqCst), 0);
    assert_eq!(log.take().len(), 50);
}

/// All kinds of RPC, with tonic's own client.
#[tokio::test]
async fn a_client_that_streams_is_refused_while_it_streams() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let server = serve(&log, &greeter).await;
    let mut client = crate::support::GreeterClient::new(server.channel());
    let forever = || tokio_stream::iter(std::iter::repeat_with(|| hello(&"x".repeat(100_000))));
    let status = soon(client.greet_everybody(forever())).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    let status = soon(client.chat(forever())).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    assert_eq!(log.take().len(), 2);
    assert_eq!(greeter.runs(), 0);
}
