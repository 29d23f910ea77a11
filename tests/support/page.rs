//! The page of an `Rpcz`, as its service answers.

use grpc_interceptor::interceptors::Rpcz;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tonic::{
    body::Body,
    codegen::{Service as _, http},
};

/// A response with its body as text.
pub(crate) type Answer = http::Response<String>;

pub(crate) async fn answer(rpcz: &Rpcz, request: http::Request<Body>) -> Answer {
    let Ok(response) = rpcz.service().call(request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("the body is there").to_bytes();
    let text = String::from_utf8(bytes.into()).expect("it is text");
    http::Response::from_parts(parts, text)
}

/// Answers a GET request.
pub(crate) async fn get(rpcz: &Rpcz, uri: &str, accept: &str) -> Answer {
    let request = http::Request::get(uri).header("accept", accept);
    answer(rpcz, request.body(Body::empty()).expect("it is a request")).await
}

pub(crate) async fn json(rpcz: &Rpcz, query: &str) -> Value {
    let answer = get(rpcz, &format!("/json?{query}"), "*/*").await;
    serde_json::from_str(answer.body()).expect("it is JSON")
}
