//! Each interceptor sees an error of a client's response stream only once, although tonic reports
//! transport errors twice. A body that has ended isn't polled again.

mod support;

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as TaskContext, Poll},
    time::{Duration, Instant},
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _,
    interceptors::{List, on_call_end},
};
use http_body::{Body as HttpBody, Frame};
use support::{GreeterClient, GreeterInterceptors, hello, many};
use tonic::{
    Code, Request, Status, Streaming,
    body::Body,
    codegen::{BoxFuture, Bytes, Service, StdError, http},
};

/// A message with one field, and the beginning of one that is cut off.
const MESSAGE: &[u8] = &[0, 0, 0, 0, 3, 10, 1, b'a'];
const CUT: &[u8] = &[0, 0, 0, 0, 3, 10];

/// Yields these frames, then fails or ends.
struct Frames {
    frames: Vec<&'static [u8]>,
    wire: Wire,
    is_over: bool,
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        assert!(!self.is_over || self.wire.is_bare, "the body has ended");
        if !self.frames.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.frames.remove(0))))));
        }
        self.is_over = true;
        Poll::Ready(self.wire.fails.then(|| Err("the wire is cut".into())))
    }
}

/// Answers each call with such a body.
#[derive(Clone)]
struct Wire {
    last: &'static [u8],
    fails: bool,
    /// tonic itself polls an ended body again.
    is_bare: bool,
}

impl Service<http::Request<Body>> for Wire {
    type Response = http::Response<Frames>;
    type Error = StdError;
    type Future = BoxFuture<Self::Response, StdError>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), StdError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        let frames = vec![MESSAGE, self.last];
        let frames = Frames { frames, wire: self.clone(), is_over: false };
        let response = http::Response::builder().header("content-type", "application/grpc");
        Box::pin(async move { Ok(response.body(frames)?) })
    }
}

/// Counts errors, and changes the text of each.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl<N: Next> Interceptor<N> for Counting {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let Counting(count) = self.clone();
        Ok(next.run(request).await?.map(|payload| {
            payload.map_errors(move |status| {
                count.fetch_add(1, Ordering::Relaxed);
                Status::new(status.code(), format!("{}, mapped", status.message()))
            })
        }))
    }
}

/// Gives the rest of the call an hour.
#[derive(Clone)]
struct InTime;

impl<N: Next> Interceptor<N> for InTime {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let deadline = Instant::now() + Duration::from_secs(3600);
        next.with_context(context.with_deadline(deadline)).run_in_time(request).await
    }
}

/// Runs the rest of the call in a scope.
#[derive(Clone)]
struct InScope;

impl<N: Next> Interceptor<N> for InScope {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.in_scope(|run: &mut dyn FnMut()| run()).run(request).await
    }
}

/// The first two errors of a stream, after its one message. Bare tonic can keep failing forever.
async fn errors<T>(mut stream: Streaming<T>) -> Vec<(Code, String)> {
    assert!(stream.message().await.expect("there is a message").is_some());
    let mut errors = Vec::new();
    while errors.len() < 2
        && let Err(status) = stream.message().await
    {
        errors.push((status.code(), status.message().to_owned()));
    }
    errors
}

async fn through<I: GreeterInterceptors<Wire>>(
    wire: Wire,
    interceptors: I,
) -> [Vec<(Code, String)>; 2] {
    let mut client = GreeterClient::with_interceptors(wire, interceptors);
    let stream = client.greet_many_times(many("a", 1)).await.expect("it starts");
    let chat = client.chat(tokio_stream::iter([hello("a")])).await.expect("it starts");
    [errors(stream.into_inner()).await, errors(chat.into_inner()).await]
}

#[tokio::test]
async fn in_each_form() {
    // A body that fails, one that ends in the middle of a message, and one without trailers.
    for wire in [
        Wire { last: b"", fails: true, is_bare: false },
        Wire { last: CUT, fails: false, is_bare: false },
        Wire { last: b"", fails: false, is_bare: false },
    ] {
        let mut bare = GreeterClient::new(Wire { is_bare: true, ..wire.clone() });
        let bare = bare.greet_many_times(many("a", 1)).await.expect("it starts").into_inner();
        let mut expected = errors(bare).await;
        assert!(!expected.is_empty());
        for (_, text) in &mut expected {
            text.push_str(", mapped");
        }
        let count = Counting::default();
        let end = || on_call_end(|_, end| assert_ne!(end.code(), Code::Ok));
        let tuple =
            through(wire.clone(), (end(), InTime, InScope, count.clone(), InTime, end())).await;
        let list =
            List::new().with(end()).with(InScope).with(count.clone()).with(InTime).with(end());
        let list = through(wire.clone(), list).await;
        for errors in tuple.into_iter().chain(list) {
            assert_eq!(errors, expected);
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 4);
    }
}
