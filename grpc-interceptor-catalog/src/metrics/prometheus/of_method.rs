use std::{sync::OnceLock, time::Duration};

use ::metrics::{Counter, Gauge, Histogram, Label, counter, gauge, histogram};
use grpc_interceptor_runtime::{MethodName, RpcKind, Side};
use tonic::Code;

use super::names::{CODES, Names, go_name, names};
use crate::kind_name::kind_name;

/// The metrics of one RPC. To find one in a recorder takes a lookup by all its labels, so that each is found once.
pub(in crate::metrics) struct OfMethod {
    side: Side,
    labels: [Label; 3],
    started: Counter,
    handled: [OnceLock<Counter>; CODES.len()],
    received: Counter,
    sent: Counter,
    handling: Histogram,
    in_flight: Gauge,
}

impl OfMethod {
    pub(in crate::metrics) fn new(side: Side, kind: RpcKind, path: &'static str) -> Self {
        let (service, method) = split(path);
        let labels = [
            Label::from_static_parts("grpc_type", kind_name(kind)),
            Label::from_static_parts("grpc_service", service),
            Label::from_static_parts("grpc_method", method),
        ];
        let Names { started, received, sent, handling, in_flight, .. } = names(side);
        OfMethod {
            side,
            started: counter!(started, labels.iter()),
            handled: Default::default(),
            received: counter!(received, labels.iter()),
            sent: counter!(sent, labels.iter()),
            handling: histogram!(handling, labels.iter()),
            in_flight: gauge!(in_flight, labels.iter()),
            labels,
        }
    }

    /// Has all of them there, at zero.
    pub(in crate::metrics) fn register(&self) {
        for counter in [&self.started, &self.received, &self.sent] {
            counter.increment(0);
        }
        self.in_flight.increment(0.0);
        for code in CODES {
            self.handled(code).increment(0);
        }
    }

    pub(in crate::metrics) fn start(&self) {
        self.started.increment(1);
        self.in_flight.increment(1.0);
    }

    pub(in crate::metrics) fn request(&self) {
        match self.side {
            Side::Server => self.received.increment(1),
            Side::Client => self.sent.increment(1),
        }
    }

    pub(in crate::metrics) fn response(&self) {
        match self.side {
            Side::Server => self.sent.increment(1),
            Side::Client => self.received.increment(1),
        }
    }

    pub(in crate::metrics) fn end(&self, code: Code, elapsed: Duration) {
        self.handled(code).increment(1);
        self.handling.record(elapsed.as_secs_f64());
        self.in_flight.decrement(1.0);
    }

    fn handled(&self, code: Code) -> &Counter {
        self.handled[code as usize].get_or_init(|| {
            let mut labels = self.labels.to_vec();
            labels.push(Label::from_static_parts("grpc_code", go_name(code)));
            counter!(names(self.side).handled, labels)
        })
    }
}

fn split(path: &'static str) -> (&'static str, &'static str) {
    match MethodName::parse(path) {
        Ok(name) => (name.fully_qualified_service(), name.method()),
        Err(_) => ("other", "other"),
    }
}
