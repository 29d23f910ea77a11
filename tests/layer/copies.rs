//! Copies of a request, in order to send it again.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as TaskContext, Poll},
};

use grpc_interceptor::{Context, Interceptor, InterceptorLayer, Next, Outcome, Side};
use tonic::{Request, Status};
use tower::Layer as _;

use crate::{
    greeter::Greeter,
    http::{PATHS, exchange, one, request},
    support::{GreeterClient, HelloRequest, hello, soon},
};

/// Asks for this many copies, and sends the original.
struct Copies(usize);

impl<N: Next> Interceptor<N> for Copies {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let copies = (0..self.0).filter(|_| next.clone_request(&request).is_some()).count();
        assert_eq!(copies, self.0);
        next.run(request).await
    }
}

/// A retry that waits for a server asks many times. This must not use up the stack.
#[tokio::test]
async fn any_number_of_copies_can_be_requested() {
    let service = InterceptorLayer::new(Copies(50_000)).layer(Greeter::default().server());
    let answer = soon(exchange(service, request(PATHS[0], one()))).await;
    assert_eq!(answer.code(), Some("0"));
}

/// A stream that always has a message, and counts them.
struct Endless(Arc<AtomicUsize>);

impl tokio_stream::Stream for Endless {
    type Item = HelloRequest;

    fn poll_next(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<HelloRequest>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(hello(&"x".repeat(100_000))))
    }
}

/// Asks for a copy, then refuses the call.
struct AskAndRefuse;

impl<N: Next> Interceptor<N> for AskAndRefuse {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        assert!(next.clone_request(&request).is_none());
        Err(Status::aborted("it was asked for"))
    }
}

#[tokio::test]
async fn a_stream_isnt_read_to_detect_that_it_is_one() {
    let made = Arc::new(AtomicUsize::new(0));
    let layer = InterceptorLayer::new(AskAndRefuse).on_side(Side::Client);
    let mut client = GreeterClient::new(layer.layer(Greeter::default().server()));
    soon(client.greet_everybody(Endless(made.clone()))).await.unwrap_err();
    let made = made.load(Ordering::SeqCst);
    assert!(made <= 4, "{made} messages of 100 kB were made");
}
