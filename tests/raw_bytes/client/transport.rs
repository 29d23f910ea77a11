//! A transport that records each request, and answers as configured.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use tonic::{
    body::Body,
    codegen::{
        BoxFuture, GrpcMethod, Service, StdError,
        http::{self, HeaderMap, StatusCode},
    },
};

use crate::{
    raw::{Failure, Part, PollsBehindTheEnd, RawBody, collect},
    text::{self, Lines, Mark},
};

#[derive(Clone, Default)]
pub struct RawResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub parts: Vec<Part>,
    /// If set, there is no response.
    pub failure: Option<Failure>,
    pub is_never_ready: bool,
    /// Whether the response comes before the request is read. The request then isn't read at all.
    pub is_early: bool,
}

#[derive(Clone)]
pub struct Canned {
    response: RawResponse,
    polls: PollsBehindTheEnd,
    seen: Arc<Mutex<Lines>>,
}

impl Canned {
    pub fn new(response: RawResponse, polls: PollsBehindTheEnd) -> Self {
        Canned { response, polls, seen: Arc::default() }
    }

    pub fn seen(&self) -> Lines {
        self.seen.lock().unwrap().clone()
    }

    async fn keep(&self, request: http::Request<Body>) {
        let (head, body) = request.into_parts();
        let method = head.extensions.get::<GrpcMethod<'_>>();
        let mut lines = vec![
            format!("request: {} {} {:?}", head.method, head.uri, head.version),
            format!("headers: {}", text::headers(&head.headers)),
            text::mark(&head.extensions),
            format!("method: {method:?}"),
        ];
        if !self.response.is_early {
            lines.extend(collect(body).await);
        }
        self.seen.lock().unwrap().extend(lines);
    }

    fn respond(&self) -> Result<http::Response<RawBody>, StdError> {
        if let Some(failure) = self.response.failure.clone() {
            return Err(failure.into());
        }
        let mut response = http::Response::new(RawBody::new(&self.response.parts, &self.polls));
        *response.status_mut() = self.response.status;
        *response.headers_mut() = self.response.headers.clone();
        response.extensions_mut().insert(Mark("on the response"));
        Ok(response)
    }
}

impl Service<http::Request<Body>> for Canned {
    type Response = http::Response<RawBody>;
    type Error = StdError;
    type Future = BoxFuture<http::Response<RawBody>, StdError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        Poll::Ready(match self.response.is_never_ready {
            true => Err(Failure::Io.into()),
            false => Ok(()),
        })
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            this.keep(request).await;
            this.respond()
        })
    }
}
