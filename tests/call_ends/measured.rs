//! The metrics of all cases under OpenTelemetry's and gRPC's names, as received by an exporter.
//! Each case has its own provider.

use std::collections::BTreeMap;

use grpc_interceptor::{Side, interceptors::Metrics};
use grpc_interceptor_proto::greeter::greeter_server;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

use crate::{
    case::Case,
    names::{code_name, method_name},
    points::points,
    right::right,
};

#[derive(Clone)]
pub(crate) struct Measured {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
    pub(crate) opentelemetry: Metrics,
    pub(crate) grpc: Metrics,
}

impl Measured {
    pub(crate) fn new(case: &Case) -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let side = if case.form.is_client() { Side::Client } else { Side::Server };
        let ready = |metrics: Metrics| {
            let metrics = metrics.meter_provider(&provider).target("http://greeter:50051");
            metrics.register(side, greeter_server::METHODS)
        };
        let (opentelemetry, grpc) = (ready(Metrics::opentelemetry()), ready(Metrics::grpc()));
        Measured { exporter, provider, opentelemetry, grpc }
    }

    /// Returns the differences between the metrics and the expected ones.
    pub(crate) fn judge(&self, case: &Case) -> Vec<String> {
        self.provider.force_flush().expect("it isn't shut down");
        let counted = self.counted();
        self.provider.shutdown().expect("it isn't shut down");
        let right = right_counts(case);
        if counted == right {
            return Vec::new();
        }
        vec![format!("measured {counted:#?}, expected: {right:#?}")]
    }

    /// Each non-zero value by its metric and attributes. For durations, the number of values.
    fn counted(&self) -> BTreeMap<String, i64> {
        let exported = self.exporter.get_finished_metrics().expect("it isn't poisoned");
        let latest = exported.last().expect("there are metrics");
        let counted = points(latest).into_iter().filter(|one| one.value != 0);
        counted.map(|one| (one.text(), one.value)).collect()
    }
}

/// The number of calls in flight is zero again.
fn right_counts(case: &Case) -> BTreeMap<String, i64> {
    let code = right(case).code;
    let is_error = crate::traced::is_error(case, code);
    let (code, is_client) = (code_name(code), case.form.is_client());
    // A layer that doesn't know the RPC. A client knows what it calls.
    let (method, of_grpc) = match case.form.is_layer() && !is_client {
        true => ("_OTHER", "other"),
        false => (method_name(case), method_name(case)),
    };
    let error = if is_error { format!("error.type={code} ") } else { String::new() };
    let server = if is_client { " server.address=greeter server.port=50051" } else { "" };
    let target = if is_client { " grpc.target=http://greeter:50051" } else { "" };
    let side = if is_client { "client" } else { "server" };
    let (status, method_of_grpc) =
        (format!(" grpc.status={code}"), format!("grpc.method={of_grpc}"));
    let mut right = vec![
        format!(
            "rpc.{side}.call.duration {error}rpc.method={method} rpc.response.status_code={code} \
             rpc.system.name=grpc{server}"
        ),
        format!("grpc.{side}.call.duration {method_of_grpc}{status}{target}"),
    ];
    right.extend(match is_client {
        true => vec![
            format!("grpc.client.attempt.started {method_of_grpc}{target}"),
            format!("grpc.client.attempt.duration {method_of_grpc}{status}{target}"),
        ],
        false => vec![format!("grpc.server.call.started {method_of_grpc}")],
    });
    right.into_iter().map(|metric| (metric, 1)).collect()
}
