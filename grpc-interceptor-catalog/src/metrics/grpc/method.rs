use std::time::Duration;

use grpc_interceptor_runtime::__private::code_name;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, UpDownCounter},
};
use tonic::Code;

use crate::{
    metrics::{of_method::OfMethod, series::Key},
    otel::{by_code::ByCode, conventions::method},
};

/// The metrics of one RPC: those that exist on its side.
pub(in crate::metrics) struct Method {
    attributes: ByCode,
    started: Option<Counter<u64>>,
    in_flight: Option<UpDownCounter<i64>>,
    durations: Vec<Histogram<f64>>,
}

impl Method {
    pub(super) fn new(key: &Key, target: &[KeyValue]) -> Self {
        let attributes = vec![KeyValue::new("grpc.method", key.path.map_or("other", method))];
        let attributes = ByCode::new(key.attributes(attributes, target));
        Method { attributes, started: None, in_flight: None, durations: Vec::new() }
    }

    pub(super) fn started(self, counter: Counter<u64>) -> Self {
        Method { started: Some(counter), ..self }
    }

    pub(super) fn in_flight(self, counter: UpDownCounter<i64>) -> Self {
        Method { in_flight: Some(counter), ..self }
    }

    pub(super) fn duration(mut self, histogram: Histogram<f64>) -> Self {
        self.durations.push(histogram);
        self
    }

    fn count(&self, started: u64, in_flight: i64) {
        let attributes = self.attributes.common();
        if let Some(counter) = &self.started {
            counter.add(started, attributes);
        }
        if let Some(counter) = &self.in_flight {
            counter.add(in_flight, attributes);
        }
    }
}

impl OfMethod for Method {
    fn register(&self) {
        self.count(0, 0);
    }

    fn start(&self) {
        self.count(1, 1);
    }

    fn end(&self, code: Code, elapsed: Duration) {
        let attributes = self.attributes.of(code, |attributes| {
            attributes.push(KeyValue::new("grpc.status", code_name(code)));
        });
        for histogram in &self.durations {
            histogram.record(elapsed.as_secs_f64(), attributes);
        }
        if let Some(counter) = &self.in_flight {
            counter.add(-1, self.attributes.common());
        }
    }
}
