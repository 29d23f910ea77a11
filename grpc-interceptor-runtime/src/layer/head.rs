use tonic::codegen::http::{
    HeaderMap, HeaderValue, Method, Uri, Version, header::CONTENT_TYPE, request::Parts,
};

pub(super) use crate::payload::Web;

/// What a request has besides what a `tonic::Request` has.
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
    /// Of the request, for a response that an interceptor makes.
    pub(super) content_type: Option<HeaderValue>,
    pub(super) web: Web,
}

impl Head {
    pub(super) fn of(request: &Parts) -> Self {
        let content_type = request.headers.get(CONTENT_TYPE);
        let web = Web::of(content_type);
        Head {
            method: request.method.clone(),
            uri: request.uri.clone(),
            version: request.version,
            content_type: content_type.filter(|_| web != Web::No).cloned(),
            web,
        }
    }

    /// Says what a response is, if it doesn't.
    pub(super) fn set_content_type(&self, headers: &mut HeaderMap) {
        let grpc = HeaderValue::from_static("application/grpc");
        headers.entry(CONTENT_TYPE).or_insert_with(|| self.content_type.clone().unwrap_or(grpc));
    }
}
