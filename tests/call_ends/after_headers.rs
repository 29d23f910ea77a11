//! A server can send the error of an RPC with a single response after its headers, as if messages
//! followed. To a layer this is a response that fails; the end of the call is reported in the same
//! way.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use grpc_interceptor::{
    EndCause::Failed,
    InterceptorLayer, LayerInterceptors, Side,
    interceptors::List,
    testing::{self, dummy_service_client::DummyServiceClient},
};
use http_body::Frame;
use tonic::{
    Code, Status,
    body::Body,
    codegen::{Bytes, http},
};
use tower::{Layer as _, service_fn};

use crate::{
    noting::{Ends, Noting, input},
    plan::failure,
};

/// Only trailers, which the headers don't announce.
struct Trailers(Option<Status>);

impl http_body::Body for Trailers {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|status| {
            let mut trailers = http::HeaderMap::new();
            status.add_header(&mut trailers).expect("it fits in a header");
            Ok(Frame::trailers(trailers))
        }))
    }
}

async fn fail(_: http::Request<Body>) -> Result<http::Response<Body>, Infallible> {
    let mut response = http::Response::new(Body::new(Trailers(Some(failure()))));
    let content_type = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", content_type);
    Ok(response)
}

async fn assert_told<I>(interceptors: I, ends: &Ends)
where
    I: LayerInterceptors,
{
    // Around the server, with tonic's own client.
    let layer = InterceptorLayer::new(interceptors);
    let server = testing::serve(layer.layer(service_fn(fail))).start().await.expect("it starts");
    let outcome = DummyServiceClient::new(server.channel()).execute(input("a")).await;
    assert_eq!(outcome.expect_err("it fails").code(), Code::Aborted);
    assert_one(ends, Side::Server);
    // Around the channel.
    let server = testing::serve(service_fn(fail)).start().await.expect("it starts");
    let mut client = DummyServiceClient::new(layer.layer(server.channel()));
    let outcome = client.execute(input("a")).await;
    assert_eq!(outcome.expect_err("it fails").code(), Code::Aborted);
    assert_one(ends, Side::Client);
}

fn assert_one(ends: &Ends, side: Side) {
    let (told, _) = ends.one(side);
    assert_eq!((told.code, told.cause, told.responses), (Code::Aborted, Failed, 0), "{side:?}");
    assert_eq!((told.status.as_deref(), told.tail.as_deref()), (Some("planned"), Some("failed")));
}

#[tokio::test]
async fn an_error_after_headers_ends_the_call() {
    let ends = Ends::default();
    assert_told(Noting(ends.clone()), &ends).await;
    assert_told(List::from_iter([Noting(ends.clone())]), &ends).await;
}
