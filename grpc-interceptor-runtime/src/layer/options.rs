use std::sync::Arc;

use tonic::codegen::http::request::Parts;

use super::{head::Web, known::Known};
use crate::Side;

/// What tonic takes of a message unless it is told otherwise.
const DEFAULT_LIMIT: usize = 4 * 1024 * 1024;

/// What a layer is told besides its interceptors.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) known: Known,
    pub(super) side: Option<Side>,
    pub(super) is_call: Arc<dyn Fn(&Parts) -> bool + Send + Sync>,
    pub(super) limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            known: Known::default(),
            side: None,
            is_call: Arc::new(is_call),
            limit: DEFAULT_LIMIT,
        }
    }
}

/// A request whose content type says so. Tonic doesn't ask for one, so what has none and may be a call is one,
/// too.
fn is_call(request: &Parts) -> bool {
    use tonic::codegen::http::{Method, header::CONTENT_TYPE};

    match request.headers.get(CONTENT_TYPE) {
        Some(content_type) => Web::is_grpc(content_type),
        None => request.method == Method::POST,
    }
}
