//! `Metrics` under OpenTelemetry's and gRPC's names: the metrics at the start, custom labels,
//! attempts. `call_ends` covers how each call ends.

#[path = "support/points.rs"]
mod points;
mod support;

use std::{collections::BTreeMap, task::Poll};

use grpc_interceptor::{
    Context, Next, Outcome, Side, interceptor,
    interceptors::{Metrics, when},
};
use grpc_interceptor_proto::greeter::greeter_server;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
    data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics},
};
use points::points;
use support::{GreeterServer, call_each, connect, connect_in_layer, greeter, hello};
use tonic::{Code, Request, Status, body::Body, codegen::http};
use tower::ServiceExt as _;

struct Bare;

greeter!(Bare, []);

struct Meter {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
}

impl Meter {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        Meter { exporter, provider: SdkMeterProvider::builder().with_reader(reader).build() }
    }

    /// Each data point by its metric and attributes: its sum, or its number of values.
    fn points(&self) -> BTreeMap<String, i64> {
        let exported = self.export();
        exported
            .last()
            .map(points)
            .into_iter()
            .flatten()
            .map(|one| (one.text(), one.value))
            .collect()
    }

    fn export(&self) -> Vec<ResourceMetrics> {
        self.provider.force_flush().expect("it isn't shut down");
        self.exporter.get_finished_metrics().expect("it isn't poisoned")
    }

    fn each(&self, mut each: impl FnMut(&Metric)) {
        let exported = self.export();
        let Some(latest) = exported.last() else { return };
        latest.scope_metrics().flat_map(|scope| scope.metrics()).for_each(&mut each);
    }
}

#[test]
fn registered_methods_start_at_zero() {
    let meter = Meter::new();
    let register = |metrics: Metrics| {
        metrics.meter_provider(&meter.provider).register(Side::Server, greeter_server::METHODS)
    };
    let _metrics = (register(Metrics::opentelemetry()), register(Metrics::grpc()));
    let points = meter.points();
    assert!(points.values().all(|count| *count == 0), "{points:#?}");
    let of = |name: &str| points.keys().filter(|point| point.starts_with(name)).count();
    assert_eq!(of("grpc.server.call.started "), 4);
    assert_eq!(of("grpc_interceptor.server.in_flight grpc.method="), 4);
    assert_eq!(of("grpc_interceptor.server.in_flight rpc.method="), 4);
    assert_eq!(points.len(), 12, "{points:#?}");
}

#[tokio::test]
async fn durations_have_their_vocabularys_unit_and_boundaries() {
    let meter = Meter::new();
    let of = |metrics: Metrics| metrics.meter_provider(&meter.provider);
    let interceptors = (of(Metrics::opentelemetry()), of(Metrics::grpc()));
    let mut client = connect(GreeterServer::with_interceptors(Bare, interceptors)).await;
    client.say_hello(hello("Ada")).await.expect("it is answered");
    let mut seen = Vec::new();
    meter.each(|metric| {
        if let AggregatedMetrics::F64(MetricData::Histogram(data)) = metric.data() {
            let point = data.data_points().next().expect("there is one");
            let bounds: Vec<_> = point.bounds().collect();
            let ends = (bounds[0], bounds[bounds.len() - 1], bounds.len());
            seen.push((metric.name().to_owned(), metric.unit().to_owned(), ends));
            assert!(point.sum() > 0.0 && point.sum() < 5.0, "it is in seconds");
        }
    });
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        seen,
        [
            ("grpc.server.call.duration".to_owned(), "s".to_owned(), (0.0, 100.0, 41)),
            ("rpc.server.call.duration".to_owned(), "s".to_owned(), (0.005, 10.0, 14)),
        ]
    );
}

#[interceptor]
async fn try_three_times<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    for _ in 0..2 {
        let Some(again) = next.clone_request(&request) else { break };
        match next.run(again).await {
            Err(status) if status.code() == Code::Unavailable => {}
            outcome => return outcome,
        }
    }
    next.run(request).await
}

#[interceptor]
async fn fail<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::unavailable("away"))
}

/// Never answers.
#[interceptor]
async fn hang<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    std::future::pending().await
}

#[tokio::test]
async fn a_call_counts_as_in_flight_while_it_runs() {
    let meter = Meter::new();
    let of = |metrics: Metrics| metrics.meter_provider(&meter.provider);
    let client = connect(GreeterServer::new(Bare)).await;
    let interceptors = (of(Metrics::opentelemetry()), of(Metrics::grpc()), hang);
    let mut client = client.through(interceptors);
    let in_flight = |points: &BTreeMap<String, i64>| -> Vec<i64> {
        let of = points.iter().filter(|(point, _)| point.starts_with("grpc_interceptor.client"));
        of.map(|(_, count)| *count).collect()
    };
    let mut call = Box::pin(client.say_hello(hello("Ada")));
    assert!(first_poll(&mut call).await.is_none());
    assert_eq!(in_flight(&meter.points()), [1, 1]);
    drop(call);
    assert_eq!(in_flight(&meter.points()), [0, 0]);
}

/// Returns the result of a future's first poll.
async fn first_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn each_vocabulary_has_its_scope() {
    let meter = Meter::new();
    let of = |metrics: Metrics| {
        metrics.meter_provider(&meter.provider).register(Side::Server, greeter_server::METHODS)
    };
    let _metrics = (of(Metrics::opentelemetry()), of(Metrics::grpc()));
    meter.provider.force_flush().expect("it isn't shut down");
    let exported = meter.exporter.get_finished_metrics().expect("it isn't poisoned");
    let scopes = exported[0].scope_metrics().map(|scope| scope.scope());
    let mut urls: Vec<_> = scopes.map(|scope| (scope.name(), scope.schema_url())).collect();
    urls.sort_unstable();
    let conventions = Some("https://opentelemetry.io/schemas/1.44.0");
    assert_eq!(urls, [("grpc-interceptor", None), ("grpc-interceptor", conventions)]);
}

#[tokio::test]
async fn attempts_are_counted_inside_a_retry() {
    let meter = Meter::new();
    let client = connect(GreeterServer::new(Bare)).await;
    let of = |metrics: Metrics| metrics.meter_provider(&meter.provider);
    let interceptors =
        (of(Metrics::grpc_calls()), try_three_times, of(Metrics::grpc_attempts()), fail);
    client.through(interceptors).say_hello(hello("Ada")).await.expect_err("it fails");
    let method = "grpc.method=greeter.v1.Greeter/SayHello";
    let expected = [
        (format!("grpc.client.attempt.duration {method} grpc.status=UNAVAILABLE"), 3),
        (format!("grpc.client.attempt.started {method}"), 3),
        (format!("grpc.client.call.duration {method} grpc.status=UNAVAILABLE"), 1),
        (format!("grpc_interceptor.client.in_flight {method}"), 0),
    ];
    assert_eq!(meter.points(), BTreeMap::from(expected));
}

#[tokio::test]
async fn on_a_server_attempts_count_nothing() {
    let meter = Meter::new();
    let metrics = Metrics::grpc_attempts().meter_provider(&meter.provider);
    let mut client = connect(GreeterServer::with_interceptors(Bare, metrics)).await;
    call_each(&mut client, "Ada").await;
    assert_eq!(meter.points(), BTreeMap::new());
}

#[tokio::test]
async fn custom_labels_are_bounded() {
    let meter = Meter::new();
    let metrics = Metrics::grpc_calls().meter_provider(&meter.provider).labels(|_, metadata| {
        let name = metadata.get("name").and_then(|name| name.to_str().ok());
        vec![("name", name.unwrap_or("none").to_owned())]
    });
    // It doesn't know the labels.
    let metrics = metrics.register(Side::Server, greeter_server::METHODS);
    let mut client = connect(GreeterServer::with_interceptors(Bare, metrics)).await;
    let more_than_fit = 5;
    for number in 0..Metrics::MAX_SERIES + more_than_fit {
        let mut request = Request::new(hello("Ada"));
        request.metadata_mut().insert("name", number.to_string().parse().expect("it is ASCII"));
        client.say_hello(request).await.expect("it is answered");
    }
    let points = meter.points();
    let started = |name: &str| {
        let method = "grpc.method=greeter.v1.Greeter/SayHello";
        points.get(&format!("grpc.server.call.started {method} name={name}")).copied()
    };
    assert_eq!(started("0"), Some(1));
    assert_eq!(started("other"), Some(more_than_fit as i64));
    assert_eq!(started(&Metrics::MAX_SERIES.to_string()), None);
}

#[tokio::test]
async fn made_up_names_are_counted_together() {
    let meter = Meter::new();
    let of = |metrics: Metrics| metrics.meter_provider(&meter.provider);
    let interceptors = (of(Metrics::opentelemetry()), of(Metrics::grpc()));
    let client = connect_in_layer(GreeterServer::new(Bare), interceptors).await;
    for number in 0..20 {
        let request = http::Request::post(format!("http://any/made.Up/Name{number}"))
            .header("content-type", "application/grpc")
            .body(Body::empty())
            .expect("it is a request");
        client.channel().oneshot(request).await.expect("it is answered");
    }
    let points = meter.points();
    assert_eq!(points["grpc.server.call.started grpc.method=other"], 20);
    let status = "rpc.response.status_code=UNIMPLEMENTED rpc.system.name=grpc";
    let duration =
        format!("rpc.server.call.duration error.type=UNIMPLEMENTED rpc.method=_OTHER {status}");
    assert_eq!(points[&duration], 20);
    assert!(points.keys().all(|point| !point.contains("made")), "{points:#?}");
}

#[tokio::test]
async fn only_some_methods() {
    let meter = Meter::new();
    let metrics = Metrics::opentelemetry().meter_provider(&meter.provider);
    let some = when(|context| context.method_name().method() == "Chat", metrics);
    let mut client = connect(GreeterServer::with_interceptors(Bare, some)).await;
    call_each(&mut client, "Ada").await;
    assert!(
        meter.points().keys().all(|point| point.contains("rpc.method=greeter.v1.Greeter/Chat"))
    );
    assert_eq!(meter.points().len(), 2);
}
