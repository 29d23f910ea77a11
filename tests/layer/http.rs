//! Requests and responses at the HTTP level.

use std::fmt::Debug;

use http_body_util::BodyExt as _;
use prost::Message;
use tonic::{
    body::Body,
    codegen::{
        Bytes, Service, StdError,
        http::{
            self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
            header::CONTENT_TYPE,
        },
    },
};
use tower::ServiceExt as _;

use crate::support::{hello, soon};

/// The paths of the greeter's RPCs.
pub const PATHS: [&str; 4] = [
    "/greeter.v1.Greeter/SayHello",
    "/greeter.v1.Greeter/GreetEverybody",
    "/greeter.v1.Greeter/GreetManyTimes",
    "/greeter.v1.Greeter/Chat",
];

/// A response that was read to its end.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub data: Bytes,
    pub trailers: HeaderMap,
}

impl Answer {
    pub async fn read<B>(response: http::Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let (parts, body) = response.into_parts();
        let body = soon(body.collect()).await.expect("it can be read");
        let trailers = body.trailers().cloned().unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, data: body.to_bytes(), trailers }
    }

    /// The gRPC status code, from the headers or the trailers.
    pub fn code(&self) -> Option<&str> {
        let status = self.headers.get("grpc-status").or_else(|| self.trailers.get("grpc-status"));
        status.and_then(|status| status.to_str().ok())
    }
}

/// Frames a message as on the wire.
pub fn framed(message: &impl Message) -> Bytes {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("no test has a message of 4 GB");
    [&[0], &length.to_be_bytes()[..], &message].concat().into()
}

/// One greeting.
pub fn one() -> Bytes {
    framed(&hello("Ada"))
}

/// A gRPC request over HTTP/2.
pub fn request<B>(path: &str, body: B) -> http::Request<B> {
    let mut request = http::Request::new(body);
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = path.parse().expect("it is a path");
    set(&mut request, CONTENT_TYPE.as_str(), "application/grpc");
    request
}

pub fn set<B>(request: &mut http::Request<B>, name: &'static str, value: &'static str) {
    let name = HeaderName::from_static(name);
    request.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Sends a request to a service in process.
pub async fn exchange<S, B>(service: S, request: http::Request<Bytes>) -> Answer
where
    S: Service<http::Request<Body>, Response = http::Response<B>, Error: Into<StdError>>,
    B: http_body::Body<Data = Bytes, Error: Debug>,
{
    let request = request.map(|data| Body::new(http_body_util::Full::new(data)));
    let response = soon(service.oneshot(request)).await.map_err(Into::into);
    Answer::read(response.expect("it answers")).await
}
