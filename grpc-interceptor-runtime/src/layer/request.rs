use tonic::{
    Request, Status,
    body::Body,
    codegen::{
        GrpcMethod,
        http::{
            self, HeaderMap, HeaderValue, Uri,
            header::{CONTENT_LENGTH, CONTENT_TYPE},
            request::Parts,
        },
    },
    metadata::MetadataMap,
};

use super::{
    head::{Head, Web},
    names::{known_rpc_info, rpc_info},
    options::Options,
    target::Target,
};
use crate::{
    Context, RawPayload, RpcKind, Side,
    call::{GRPC_TIMEOUT, RpcInfo, deadline_to_carry, new_context, tell_time_remaining},
    payload::{Failure, Framing, GRPC_ENCODING, without_trailers},
};

/// How a layer treats a request.
pub(super) enum Arrived {
    Call {
        head: Head,
        uri: Uri,
        context: Context,
        request: Request<RawPayload>,
    },
    /// A request that isn't gRPC.
    Other(http::Request<Body>),
}

pub(super) fn arrive(parts: Parts, body: Body, options: &Options) -> Arrived {
    let method = parts.extensions.get::<GrpcMethod<'static>>();
    let side = options.side.unwrap_or(match method {
        // Tonic's clients put the method in the extensions, which don't go over the wire.
        Some(_) => Side::Client,
        None => Side::Server,
    });
    let Headers { content_type, encoding, has_timeout } = Headers::of(&parts.headers);
    let is_call = match &options.is_call {
        Some(is_call) => is_call(&parts),
        None => content_type.is_some_and(Web::is_grpc),
    };
    if !is_call {
        return Arrived::Other(pass_by(parts, body, side));
    }
    let web = Web::of(content_type);
    let content_type = content_type.filter(|_| web != Web::No).cloned();
    let framing = Framing::of_request(encoding, web, options.limit);
    let path = match (side, method) {
        (Side::Client, Some(method)) => without_prefix(parts.uri.path(), method),
        _ => parts.uri.path(),
    };
    let rpc = find(path, side, method.is_some(), options);
    let (is_known, rpc) = (rpc.is_some(), rpc.unwrap_or_else(|| unknown(side)));
    let Parts { method, uri, version, headers, extensions, .. } = parts;
    let target = Target::new(&uri, rpc.method_name().path());
    let head = Head { method, target, version, web, is_known, content_type };
    let metadata = MetadataMap::from_headers(headers);
    let mut context = match has_timeout {
        true => Context::new(rpc, &metadata),
        false => new_context(rpc),
    };
    if side == Side::Server {
        context = context.with_carried(&extensions);
    }
    let request = Request::from_parts(metadata, extensions, RawPayload::new(body, framing));
    Arrived::Call { head, uri, context, request }
}

/// The headers that a layer reads.
struct Headers<'a> {
    content_type: Option<&'a HeaderValue>,
    encoding: Option<&'a HeaderValue>,
    has_timeout: bool,
}

impl<'a> Headers<'a> {
    /// One pass over all headers: there are few, and one lookup takes as long as iterating over
    /// ten.
    fn of(headers: &'a HeaderMap) -> Self {
        let mut found = Headers { content_type: None, encoding: None, has_timeout: false };
        for (name, value) in headers {
            if *name == CONTENT_TYPE {
                found.content_type = found.content_type.or(Some(value));
            } else if *name == GRPC_ENCODING {
                found.encoding = found.encoding.or(Some(value));
            } else if *name == GRPC_TIMEOUT {
                found.has_timeout = true;
            }
        }
        found
    }
}

fn find(path: &str, side: Side, is_own: bool, options: &Options) -> Option<&'static RpcInfo> {
    options.known.get(path, side).or_else(|| match side {
        // A name chosen by the program itself.
        Side::Client if is_own => Some(known_rpc_info(path, RpcKind::Unknown, side)),
        _ => rpc_info(path, RpcKind::Unknown, side),
    })
}

/// Returns the information for a call whose name there is no room for.
fn unknown(side: Side) -> &'static RpcInfo {
    known_rpc_info("/unknown/unknown", RpcKind::Unknown, side)
}

/// Removes the path of a client's origin, which isn't part of the name.
fn without_prefix<'a>(path: &'a str, method: &GrpcMethod<'_>) -> &'a str {
    let length = method.service().len() + method.method().len() + 2;
    let start = path.len().saturating_sub(length);
    match path.get(start..) {
        Some(name) if start > 0 && name.starts_with('/') && name.ends_with(method.method()) => name,
        _ => path,
    }
}

/// Tonic's server treats a request as a call whatever its content type. A request that bypasses the
/// interceptors must not get there. Tonic refuses an unknown compression, and no other service
/// reads this header.
fn pass_by(mut parts: Parts, body: Body, side: Side) -> http::Request<Body> {
    if side == Side::Server {
        parts.headers.insert(GRPC_ENCODING.clone(), HeaderValue::from_static("not-a-grpc-request"));
    }
    http::Request::from_parts(parts, body)
}

/// Sets the remaining time in the metadata for the service inside the layer. On a client, returns
/// where to record the error of the request while it is being read.
pub(super) fn prepare(
    request: &mut Request<RawPayload>,
    context: Context,
    head: &Head,
) -> Result<Option<Failure>, Status> {
    if !head.is_known {
        return Err(too_many_names());
    }
    match context.side() {
        Side::Client => {
            if let Some(remaining) = context.time_remaining() {
                tell_time_remaining(request, remaining)?;
            }
            Ok(Some(Failure::default()))
        }
        Side::Server => {
            if let Some(carried) = deadline_to_carry(context, request.metadata()) {
                request.extensions_mut().insert(carried);
            }
            Ok(None)
        }
    }
}

/// Converts the request for the service inside the layer.
pub(super) fn leave(
    request: Request<RawPayload>,
    uri: Uri,
    head: &Head,
    failure: Option<&Failure>,
) -> http::Request<Body> {
    let (metadata, extensions, payload) = request.into_parts();
    let mut headers = metadata.into_headers();
    if payload.is_rewritten() {
        headers.remove(CONTENT_LENGTH);
    }
    let framing = match payload.is_rewritten() {
        true => Framing::of_request_from(&headers, head.web),
        false => Framing::NONE,
    };
    let body = match failure {
        Some(failure) => payload.into_sent_body(framing, failure),
        None => without_trailers(payload.into_body(framing)),
    };
    let mut request = http::Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = head.version;
    *request.headers_mut() = headers;
    *request.extensions_mut() = extensions;
    request
}

#[cold]
fn too_many_names() -> Status {
    Status::resource_exhausted(
        "this process has no room for more RPC names: tell the layer which RPCs there are",
    )
}
