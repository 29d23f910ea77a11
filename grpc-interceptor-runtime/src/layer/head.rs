use tonic::codegen::http::{HeaderMap, HeaderValue, Method, Version, header::CONTENT_TYPE};

use super::target::Target;

pub(super) use crate::payload::Web;

/// The parts of a request that a `tonic::Request` lacks.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) version: Version,
    pub(super) web: Web,
    /// Whether there was room for the name. If not, the call doesn't reach the service.
    pub(super) is_known: bool,
    /// The content type of a gRPC-Web request, for a response that an interceptor creates.
    pub(super) content_type: Option<HeaderValue>,
}

impl Head {
    /// Sets the content type of a response that has none.
    pub(super) fn set_content_type(&self, headers: &mut HeaderMap) {
        // There are few: one lookup takes as long as iterating over ten.
        if headers.keys().all(|name| *name != CONTENT_TYPE) {
            let grpc = HeaderValue::from_static("application/grpc");
            headers.insert(CONTENT_TYPE, self.content_type.clone().unwrap_or(grpc));
        }
    }
}
