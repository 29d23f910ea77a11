use std::sync::Arc;

use tonic::codegen::http::request::Parts;

use super::known::Known;
use crate::Side;

/// Tonic's default for the maximum message size.
const DEFAULT_LIMIT: usize = 4 * 1024 * 1024;

pub(super) type IsCall = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// The settings of a layer other than its interceptors.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) known: Known,
    pub(super) side: Option<Side>,
    /// Replaces the default rule.
    pub(super) is_call: Option<IsCall>,
    pub(super) limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { known: Known::default(), side: None, is_call: None, limit: DEFAULT_LIMIT }
    }
}
