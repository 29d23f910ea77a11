use std::sync::OnceLock;

use opentelemetry::KeyValue;
use tonic::Code;

/// Attributes that are built once for each code. Building them for each call would allocate.
pub(crate) struct ByCode {
    common: Vec<KeyValue>,
    with_code: [OnceLock<Vec<KeyValue>>; Code::Unauthenticated as usize + 1],
}

impl ByCode {
    pub(crate) fn new(common: Vec<KeyValue>) -> Self {
        ByCode { common, with_code: Default::default() }
    }

    /// The attributes that don't depend on the code.
    pub(crate) fn common(&self) -> &[KeyValue] {
        &self.common
    }

    /// The common attributes, plus those that `add` adds for this code.
    pub(crate) fn of(&self, code: Code, add: impl FnOnce(&mut Vec<KeyValue>)) -> &[KeyValue] {
        self.with_code[code as usize].get_or_init(|| {
            let mut attributes = self.common.clone();
            add(&mut attributes);
            attributes
        })
    }
}
