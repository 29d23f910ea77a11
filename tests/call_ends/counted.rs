//! The metrics of all cases, as scraped by Prometheus. Each case has its own recorder.

use std::sync::Arc;

use grpc_interceptor::{RpcKind, Side, interceptors::Metrics};
use grpc_interceptor_proto::greeter::greeter_server;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tonic::Code;

use crate::{
    case::Case,
    right::{Right, right},
};

#[derive(Clone)]
pub(crate) struct Counted {
    recorder: Arc<PrometheusRecorder>,
    pub(crate) metrics: Metrics,
}

impl Counted {
    pub(crate) fn new(case: &Case) -> Self {
        let side = if case.form.is_client() { Side::Client } else { Side::Server };
        let recorder = PrometheusBuilder::new().build_recorder();
        // An RPC that a layer doesn't know.
        let unknown: Vec<_> =
            greeter_server::METHODS.iter().map(|(name, _)| (*name, RpcKind::Unknown)).collect();
        let metrics = metrics::with_local_recorder(&recorder, || {
            Metrics::prometheus().register(side, greeter_server::METHODS).register(side, &unknown)
        });
        Counted { recorder: Arc::new(recorder), metrics }
    }

    /// Returns the differences between the metrics and the expected ones.
    pub(crate) fn judge(&self, case: &Case) -> Vec<String> {
        let right = right(case);
        let text = self.recorder.handle().render();
        let side = if case.form.is_client() { "client" } else { "server" };
        let (received, sent) = match case.form.is_client() {
            true => ("sent", "received"),
            false => ("received", "sent"),
        };
        let labels = labels(case);
        let metric = |name: &str| value(&text, &format!("grpc_{side}_{name}{{{labels}}}"));
        let handled =
            format!("grpc_{side}_handled_total{{{labels},grpc_code=\"{}\"}}", code(&right));
        let mut differences = Vec::new();
        let mut expect = |what: &str, counted: Option<f64>, expected: f64| {
            if counted != Some(expected) {
                differences.push(format!("counted {what}: {counted:?}, expected: {expected}"));
            }
        };
        expect("starts", metric("started_total"), 1.0);
        expect("in flight", metric("in_flight"), 0.0);
        expect("times", metric("handling_seconds_count"), 1.0);
        expect("responses", metric(&format!("msg_{sent}_total")), right.responses as f64);
        expect(&handled, value(&text, &handled), 1.0);
        let name = format!("grpc_{side}_handled_total{{");
        let all = text.lines().filter(|line| line.starts_with(&name));
        let all = all.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
        expect("ends", Some(all), 1.0);
        let requests = metric(&format!("msg_{received}_total"));
        if !requests.is_some_and(|count| right.requests.contains(&(count as u64))) {
            differences
                .push(format!("counted {requests:?} requests, expected: {:?}", right.requests));
        }
        differences
    }
}

fn labels(case: &Case) -> String {
    let (kind, method) = match (case.kind.is_client_streaming(), case.kind.is_server_streaming()) {
        (false, false) => ("unary", "SayHello"),
        (true, false) => ("client_stream", "GreetEverybody"),
        (false, true) => ("server_stream", "GreetManyTimes"),
        (true, true) => ("bidi_stream", "Chat"),
    };
    // A layer that doesn't know the RPC. A client knows what it calls.
    let (kind, service, method) = match (case.form.is_layer(), case.form.is_client()) {
        (true, false) => ("unknown", "other", "other"),
        (true, true) => ("unknown", "greeter.v1.Greeter", method),
        (false, _) => (kind, "greeter.v1.Greeter", method),
    };
    format!("grpc_type=\"{kind}\",grpc_service=\"{service}\",grpc_method=\"{method}\"")
}

fn value(text: &str, metric: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse().ok())
}

fn code(right: &Right) -> &'static str {
    match right.code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::Aborted => "Aborted",
        Code::Internal => "Internal",
        other => unreachable!("no case ends with {other:?}"),
    }
}
