use tonic::{
    Code, Status,
    codegen::http::{HeaderMap, StatusCode},
    metadata::MetadataMap,
};

/// Returns the status in headers or trailers, if there is one.
pub(crate) fn status_of(headers: &HeaderMap) -> Option<Status> {
    if is_plain_ok(headers) {
        // Tonic copies all headers to determine this.
        return Some(Status::ok(""));
    }
    let details = headers.get(Status::GRPC_STATUS_DETAILS);
    // Tonic panics on details that aren't base64.
    if details.is_some() && !are_details_readable(headers) {
        let mut headers = headers.clone();
        headers.remove(Status::GRPC_STATUS_DETAILS);
        return Status::from_header_map(&headers);
    }
    Status::from_header_map(headers)
}

/// Returns whether there is only an OK status, as is usual in trailers.
pub(super) fn is_plain_ok(headers: &HeaderMap) -> bool {
    // Looking it up by name takes ten times as long.
    headers.len() == 1
        && headers.iter().all(|(name, value)| *name == Status::GRPC_STATUS && value == "0")
}

#[cold]
fn are_details_readable(headers: &HeaderMap) -> bool {
    let mut only = HeaderMap::new();
    if let Some(details) = headers.get(Status::GRPC_STATUS_DETAILS) {
        only.insert(Status::GRPC_STATUS_DETAILS, details.clone());
    }
    let metadata = MetadataMap::from_headers(only);
    let details = metadata.get_bin(Status::GRPC_STATUS_DETAILS.as_str());
    details.is_some_and(|details| details.to_bytes().is_ok())
}

/// Returns the status of a response that has none, according to gRPC's
/// [mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md), with
/// tonic's messages.
#[cold]
pub(crate) fn inferred_status(http: StatusCode) -> Status {
    let code = match http {
        StatusCode::OK => {
            return Status::unknown(
                "protocol error: missing grpc-status trailer, stream was terminated without a final status \
                 (possible truncation by a proxy or load balancer)",
            );
        }
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    };
    let http = http.as_u16();
    Status::new(code, format!("grpc-status header missing, mapped from HTTP status code {http}"))
}
