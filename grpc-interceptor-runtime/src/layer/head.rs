use tonic::codegen::http::{HeaderMap, HeaderValue, Method, Version, header::CONTENT_TYPE};

use super::target::Target;

pub(super) use crate::payload::Web;

/// What a request has besides what a `tonic::Request` has.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) version: Version,
    pub(super) web: Web,
    /// Whether the name could be kept. If not, the call doesn't reach the service.
    pub(super) is_known: bool,
    /// Of a request of gRPC-Web, for a response that an interceptor makes.
    pub(super) content_type: Option<HeaderValue>,
}

impl Head {
    /// Says what a response is, if it doesn't.
    pub(super) fn set_content_type(&self, headers: &mut HeaderMap) {
        // They are few: to look one up takes as long as to pass ten.
        if headers.keys().all(|name| *name != CONTENT_TYPE) {
            let grpc = HeaderValue::from_static("application/grpc");
            headers.insert(CONTENT_TYPE, self.content_type.clone().unwrap_or(grpc));
        }
    }
}
