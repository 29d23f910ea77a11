use tonic::{
    Request,
    body::Body,
    codegen::{
        GrpcMethod,
        http::{self, HeaderName, HeaderValue, header::CONTENT_LENGTH, request::Parts},
    },
    metadata::MetadataMap,
};

use super::{head::Head, names::rpc_info, options::Options};
use crate::{
    Context, RawPayload, RpcKind, Side,
    call::RpcInfo,
    payload::{Failure, Framing},
};

/// What a request is to a layer.
pub(super) enum Arrived {
    Call {
        head: Head,
        context: Context,
        request: Request<RawPayload>,
    },
    /// It isn't gRPC.
    Other(http::Request<Body>),
    /// Another name, after too many.
    TooManyNames(Head),
}

pub(super) fn arrive(parts: Parts, body: Body, options: &Options) -> Arrived {
    let method = parts.extensions.get::<GrpcMethod<'static>>();
    let side = options.side.unwrap_or(match method {
        // Tonic's clients say which method they call. That doesn't go over the wire.
        Some(_) => Side::Client,
        None => Side::Server,
    });
    if !(options.is_call)(&parts) {
        return Arrived::Other(pass_by(parts, body, side));
    }
    let head = Head::of(&parts);
    let path = match (side, method) {
        (Side::Client, Some(method)) => without_prefix(parts.uri.path(), method),
        _ => parts.uri.path(),
    };
    let Some(rpc) = find(path, side, options) else { return Arrived::TooManyNames(head) };
    let framing = Framing::of_request(&parts.headers, head.web, options.limit);
    let metadata = MetadataMap::from_headers(parts.headers);
    let context = Context::new(rpc, &metadata);
    let context = match side {
        Side::Server => context.with_carried(&parts.extensions),
        Side::Client => context,
    };
    let request = Request::from_parts(metadata, parts.extensions, RawPayload::new(body, framing));
    Arrived::Call { head, context, request }
}

fn find(path: &str, side: Side, options: &Options) -> Option<&'static RpcInfo> {
    options.known.get(path, side).or_else(|| rpc_info(path, RpcKind::Unknown, side))
}

/// A client's origin may have a path, which isn't part of the name.
fn without_prefix<'a>(path: &'a str, method: &GrpcMethod<'_>) -> &'a str {
    let length = method.service().len() + method.method().len() + 2;
    let start = path.len().saturating_sub(length);
    match path.get(start..) {
        Some(name) if start > 0 && name.starts_with('/') && name.ends_with(method.method()) => name,
        _ => path,
    }
}

/// Tonic's server takes a request for a call whatever its content type is. What passes the interceptors by
/// must not get there: tonic refuses what is compressed in a way that it doesn't know, and no other service asks
/// for this header.
fn pass_by(mut parts: Parts, body: Body, side: Side) -> http::Request<Body> {
    if side == Side::Server {
        parts.headers.insert(
            HeaderName::from_static("grpc-encoding"),
            HeaderValue::from_static("not-a-grpc-request"),
        );
    }
    http::Request::from_parts(parts, body)
}

/// The other way, to the service inside of the layer.
pub(super) fn leave(
    request: Request<RawPayload>,
    head: &Head,
    failure: Option<&Failure>,
) -> http::Request<Body> {
    let (metadata, extensions, payload) = request.into_parts();
    let mut headers = metadata.into_headers();
    if payload.is_decoded() {
        headers.remove(CONTENT_LENGTH);
    }
    let framing = Framing::of_request(&headers, head.web, usize::MAX);
    let body = match failure {
        Some(failure) => payload.into_sent_body(framing, failure),
        None => payload.into_body(framing),
    };
    let mut request = http::Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = headers;
    *request.extensions_mut() = extensions;
    request
}
