//! Request trailers: no gRPC client sends them, but any HTTP/2 client can.
//!
//! tonic adds them to the metadata of an RPC with a single request message. They arrive after the
//! message, when the interceptors of a layer have run, and can have the same key as an entry that
//! an interceptor has set.

use std::convert::Infallible;

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome, Payload as _, interceptor,
    interceptors::List,
};
use tonic::{
    Request,
    body::Body,
    codegen::http::{HeaderMap, HeaderValue},
    metadata::MetadataValue,
};
use tower::{Layer as _, ServiceExt as _};

use crate::{
    boxed::{Boxed, boxed},
    greeter::Greeter,
    http::{Answer, PATHS, one, request},
    support::{GreeterServer, greeter, soon},
};

/// The caller's identity.
#[derive(Clone, Copy)]
struct User(&'static str);

/// Records the caller's identity in both places.
struct LogIn;

impl<N: Next> Interceptor<N> for LogIn {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.extensions_mut().insert(User("ada"));
        request.metadata_mut().insert("to-handler", MetadataValue::from_static("ada"));
        next.run(request).await
    }
}

/// Inspects the messages, and changes nothing.
struct Look;

impl<N: Next> Interceptor<N> for Look {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request.map(|payload| payload.inspect_messages(|_| {}))).await
    }
}

/// Tells the handler what is in the extensions.
#[interceptor]
async fn by_extensions<N: Next>(
    mut request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let User(name) = *request.extensions().get().expect("the layer has put it there");
    request.metadata_mut().insert("to-handler", MetadataValue::from_static(name));
    next.run(request).await
}

struct ByExtensions;

greeter!(ByExtensions, [by_extensions]);

/// Returns the callers that the handlers see if the real caller claims another identity in the
/// trailers.
async fn seen(service: Boxed) -> Vec<String> {
    let mut seen = Vec::new();
    for path in PATHS {
        let mut trailers = HeaderMap::new();
        trailers.insert("to-handler", HeaderValue::from_static("admin"));
        let frames = [http_body::Frame::data(one()), http_body::Frame::trailers(trailers)];
        let frames = tokio_stream::iter(frames.map(Ok::<_, Infallible>));
        let request = request(path, Body::new(http_body_util::StreamBody::new(frames)));
        let response = soon(service.clone().oneshot(request)).await.unwrap();
        let answer = Answer::read(response).await;
        let told = answer.headers.get("seen").map_or("", |told| told.to_str().unwrap());
        seen.push(told.to_owned());
    }
    seen
}

#[tokio::test]
async fn extensions_come_from_the_interceptor() {
    let service = InterceptorLayer::new(LogIn).layer(GreeterServer::new(ByExtensions));
    assert_eq!(seen(boxed(service)).await, ["ada"; 4]);
}

#[tokio::test]
async fn metadata_comes_from_the_interceptor_as_well() {
    for interceptors in [List::new().with(LogIn), List::new().with(LogIn).with(Look)] {
        let service = InterceptorLayer::new(interceptors).layer(Greeter::default().server());
        assert_eq!(seen(boxed(service)).await, ["ada"; 4]);
    }
}

/// The handler gets exactly what an interceptor has checked and left unchanged.
#[tokio::test]
async fn unchanged_metadata_is_what_was_checked() {
    let bare = boxed(Greeter::default().server());
    assert_eq!(seen(bare).await, ["admin", "", "admin", ""]);
    for interceptors in [List::new(), List::new().with(Look)] {
        let service = InterceptorLayer::new(interceptors).layer(Greeter::default().server());
        assert_eq!(seen(boxed(service)).await, [""; 4]);
    }
}

/// A request has no status: a caller can't choose how its call ends in the log.
#[tokio::test]
async fn a_status_in_a_requests_trailers_is_ignored() {
    for path in PATHS {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("7"));
        trailers.insert("grpc-message", HeaderValue::from_static("chosen"));
        let frames = [http_body::Frame::data(one()), http_body::Frame::trailers(trailers)];
        let frames = tokio_stream::iter(frames.map(Ok::<_, Infallible>));
        let request = request(path, Body::new(http_body_util::StreamBody::new(frames)));
        let service = InterceptorLayer::new(Look).layer(Greeter::default().server());
        let answer = Answer::read(soon(service.oneshot(request)).await.unwrap()).await;
        assert_eq!(answer.code(), Some("0"), "{path}");
    }
}
