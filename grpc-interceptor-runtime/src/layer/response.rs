use tonic::{
    Code, Response, Status,
    body::Body,
    codegen::http::{
        self, HeaderMap, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
};

use super::head::{Head, Web};
use crate::{
    RawPayload,
    error::not_ok,
    payload::{Framing, inferred_status, status_of},
};

/// Returns how the messages in a response are framed. If it has none, returns its status as the
/// error: either it is in the headers, or the response isn't gRPC and has none.
pub(super) fn receive(
    response: &http::Response<Body>,
    head: &Head,
    limit: usize,
) -> Result<Framing, Box<Status>> {
    let web = web_of(response.headers(), head);
    let framing = Framing::of_response(response.headers(), web, limit);
    let failed = match framing.has_status() {
        true => failed_status(response),
        false if response.status() == StatusCode::OK => None,
        false => Some(inferred_status(response.status())),
    };
    match failed {
        Some(status) => Err(Box::new(status)),
        None => Ok(framing),
    }
}

#[cold]
fn failed_status(response: &http::Response<Body>) -> Option<Status> {
    let status = status_of(response.headers())?;
    if status.code() == Code::Ok {
        return None;
    }
    // Tonic's server leaves its own status in the extensions, with its source.
    let own: Option<&Status> = response.extensions().get();
    let is_its = |own: &&Status| (own.code(), own.message()) == (status.code(), status.message());
    Some(own.filter(is_its).cloned().unwrap_or(status))
}

/// Returns the gRPC-Web form of the response. It can be in the other form, if the caller accepts
/// that, or in none, if the service doesn't support gRPC-Web.
fn web_of(headers: &HeaderMap, head: &Head) -> Web {
    if head.web == Web::No {
        return Web::No;
    }
    headers.get(CONTENT_TYPE).map_or(head.web, |content_type| Web::of(Some(content_type)))
}

/// Converts a response that leaves the layer.
pub(super) fn respond(response: Response<RawPayload>, head: &Head) -> http::Response<Body> {
    let (metadata, payload, extensions) = response.into_parts();
    let mut headers = metadata.into_headers();
    if payload.is_rewritten() {
        headers.remove(CONTENT_LENGTH);
    }
    if payload.is_decoded() {
        // The status follows in the trailers.
        headers.remove(Status::GRPC_STATUS);
        head.set_content_type(&mut headers);
    }
    let framing = match payload.is_rewritten() {
        true => Framing::of_response_to(&headers, web_of(&headers, head)),
        false => Framing::NONE,
    };
    let mut response = http::Response::new(payload.into_body(framing));
    *response.version_mut() = http::Version::HTTP_2;
    *response.headers_mut() = headers;
    *response.extensions_mut() = extensions;
    response
}

/// Creates a response that consists only of a status.
pub(super) fn respond_with_status(status: Status, head: &Head) -> http::Response<Body> {
    let mut response = not_ok(status).into_http::<Body>();
    *response.version_mut() = http::Version::HTTP_2;
    if let Some(content_type) = &head.content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    response
}
