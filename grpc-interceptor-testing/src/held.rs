//! Tracks a server's calls. Hyper spawns them as tasks, and keeps the handles.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Bytes, Service, StdError, http},
};

use crate::connection::Stop;

/// A service whose calls each hold a [`Stop`] until they are over or dropped, so that a stopping
/// server can be waited for.
#[derive(Clone)]
pub(crate) struct Held<S> {
    service: S,
    stop: Stop,
}

impl<S> Held<S> {
    pub(crate) fn new(service: S, stop: Stop) -> Self {
        Held { service, stop }
    }
}

impl<S, B> Service<http::Request<Body>> for Held<S>
where
    S: Service<
            http::Request<Body>,
            Response = http::Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        >,
    B: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(task)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (response, stop) = (self.service.call(request), self.stop.clone());
        Box::pin(async {
            let hold = |body| Body::new(HeldBody { body: Body::new(body), _stop: stop });
            Ok(response.await?.map(hold))
        })
    }
}

/// A response continues after the handler has returned.
struct HeldBody {
    body: Body,
    _stop: Stop,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
