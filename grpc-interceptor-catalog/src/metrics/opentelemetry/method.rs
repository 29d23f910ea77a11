use std::time::Duration;

use grpc_interceptor_runtime::{__private::code_name, Side};
use opentelemetry::KeyValue;
use tonic::Code;

use super::Instruments;
use crate::{
    metrics::{of_method::OfMethod, series::Key},
    otel::{
        by_code::ByCode,
        conventions::{ERROR_TYPE, GRPC, METHOD, OTHER, STATUS_CODE, SYSTEM, is_error, method},
    },
};

/// The metrics of one RPC.
pub(in crate::metrics) struct Method {
    side: Side,
    instruments: Instruments,
    attributes: ByCode,
}

impl Method {
    pub(super) fn new(instruments: &Instruments, key: &Key, target: &[KeyValue]) -> Self {
        let attributes = vec![
            KeyValue::new(SYSTEM, GRPC),
            KeyValue::new(METHOD, key.path.map_or(OTHER, method)),
        ];
        Method {
            side: key.side,
            instruments: instruments.clone(),
            attributes: ByCode::new(key.attributes(attributes, target)),
        }
    }
}

impl OfMethod for Method {
    fn register(&self) {
        self.instruments.in_flight.add(0, self.attributes.common());
    }

    fn start(&self) {
        self.instruments.in_flight.add(1, self.attributes.common());
    }

    fn end(&self, code: Code, elapsed: Duration) {
        let attributes = self.attributes.of(code, |attributes| {
            attributes.push(KeyValue::new(STATUS_CODE, code_name(code)));
            if is_error(self.side, code) {
                attributes.push(KeyValue::new(ERROR_TYPE, code_name(code)));
            }
        });
        self.instruments.duration.record(elapsed.as_secs_f64(), attributes);
        self.instruments.in_flight.add(-1, self.attributes.common());
    }
}
