use std::{sync::OnceLock, time::Duration};

use ::metrics::{Counter, Gauge, Histogram, Label, counter, gauge, histogram};
use grpc_interceptor_runtime::{MethodName, Side};
use tonic::Code;

use super::names::{CODES, Names, go_name, names};
use crate::{
    kind_name::kind_name,
    metrics::{of_method::OfMethod, series::Key},
};

/// The metrics of one RPC.
pub(in crate::metrics) struct Method {
    side: Side,
    labels: Vec<Label>,
    started: Counter,
    handled: [OnceLock<Counter>; CODES.len()],
    received: Counter,
    sent: Counter,
    handling: Histogram,
    in_flight: Gauge,
}

impl Method {
    pub(in crate::metrics) fn new(key: &Key) -> Self {
        let (service, method) = key.path.map_or(("other", "other"), split);
        let mut labels = vec![
            Label::from_static_parts("grpc_type", kind_name(key.kind)),
            Label::from_static_parts("grpc_service", service),
            Label::from_static_parts("grpc_method", method),
        ];
        labels.extend(key.labels.iter().map(|(name, value)| Label::new(*name, value.clone())));
        let Names { started, received, sent, handling, in_flight, .. } = names(key.side);
        Method {
            side: key.side,
            started: counter!(started, labels.iter()),
            handled: Default::default(),
            received: counter!(received, labels.iter()),
            sent: counter!(sent, labels.iter()),
            handling: histogram!(handling, labels.iter()),
            in_flight: gauge!(in_flight, labels.iter()),
            labels,
        }
    }

    fn handled(&self, code: Code) -> &Counter {
        self.handled[code as usize].get_or_init(|| {
            let mut labels = self.labels.clone();
            labels.push(Label::from_static_parts("grpc_code", go_name(code)));
            counter!(names(self.side).handled, labels)
        })
    }
}

impl OfMethod for Method {
    fn register(&self) {
        for counter in [&self.started, &self.received, &self.sent] {
            counter.increment(0);
        }
        self.in_flight.increment(0.0);
        for code in CODES {
            self.handled(code).increment(0);
        }
    }

    fn start(&self) {
        self.started.increment(1);
        self.in_flight.increment(1.0);
    }

    fn request(&self) {
        match self.side {
            Side::Server => self.received.increment(1),
            Side::Client => self.sent.increment(1),
        }
    }

    fn response(&self) {
        match self.side {
            Side::Server => self.sent.increment(1),
            Side::Client => self.received.increment(1),
        }
    }

    fn end(&self, code: Code, elapsed: Duration) {
        self.handled(code).increment(1);
        self.handling.record(elapsed.as_secs_f64());
        self.in_flight.decrement(1.0);
    }
}

fn split(path: &'static str) -> (&'static str, &'static str) {
    match MethodName::parse(path) {
        Ok(name) => (name.fully_qualified_service(), name.method()),
        Err(_) => ("other", "other"),
    }
}
