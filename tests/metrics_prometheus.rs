//! Metrics under go-grpc-middleware's names: the metrics at the start, and their labels.
//! `call_ends` checks that each call is counted exactly once.

use std::time::Duration;

use grpc_interceptor::{
    Error, InterceptorLayer, Side,
    interceptors::{Metrics, except, when},
    testing::{
        self, DummyRequest, DummyService,
        dummy_service_client::DummyServiceClient,
        dummy_service_server::{DummyServiceServer, METHODS, methods},
    },
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tonic::transport::Server;

/// From now on, this thread's metrics go into the rendered text.
fn record() -> (PrometheusHandle, impl Drop) {
    record_with(PrometheusBuilder::new())
}

fn record_with(builder: PrometheusBuilder) -> (PrometheusHandle, impl Drop) {
    let recorder = Box::leak(Box::new(builder.build_recorder()));
    (recorder.handle(), metrics::set_default_local_recorder(recorder))
}

fn lines(handle: &PrometheusHandle, start: &str) -> Vec<String> {
    let text = handle.render();
    let mut lines: Vec<_> =
        text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn all_metrics_exist_from_the_start() {
    let (handle, _guard) = record();
    let _metrics = Metrics::prometheus().register(Side::Server, METHODS);
    let handled = lines(&handle, "grpc_server_handled_total{");
    // Each code of each RPC.
    assert_eq!(handled.len(), 17 * 4);
    assert!(handled.iter().all(|line| line.ends_with(" 0")), "{handled:?}");
    assert_eq!(
        lines(&handle, "grpc_server_started_total{"),
        [
            ("bidi_stream", "ExecuteClientServerStream"),
            ("client_stream", "ExecuteClientStream"),
            ("server_stream", "ExecuteServerStream"),
            ("unary", "Execute"),
        ]
        .map(|(kind, method)| format!(
            "grpc_server_started_total{{grpc_type=\"{kind}\",grpc_service=\"DummyService\",\
             grpc_method=\"{method}\"}} 0"
        ))
    );
    assert_eq!(lines(&handle, "# HELP grpc_server_started_total").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_counted_and_timed_on_both_sides() {
    let (handle, _guard) = record();
    let mut client = testing::dummy()
        .server_interceptors(Metrics::prometheus())
        .client_interceptors(Metrics::prometheus())
        .special_case_async("slow", |_| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Err::<String, _>(Error::not_found("gone"))
        })
        .start()
        .await
        .unwrap();
    client.execute_server_stream("abc").await.unwrap();
    client.execute("slow").await.unwrap_err();

    let unary = "{grpc_type=\"unary\",grpc_service=\"DummyService\",grpc_method=\"Execute\"";
    for side in ["server", "client"] {
        let has = |line: &str| {
            let found = lines(&handle, &format!("grpc_{side}_{line}"));
            assert_eq!(found.len(), 1, "{line}: {found:?}");
        };
        has(&format!("handled_total{unary},grpc_code=\"NotFound\"}} 1"));
        has(&format!("handling_seconds_sum{unary}}} 2"));
        has(&format!("in_flight{unary}}} 0"));
    }
    let stream = "{grpc_type=\"server_stream\",grpc_service=\"DummyService\",grpc_method=\"ExecuteServerStream\"}";
    for counted in [
        "grpc_server_msg_received_total 1",
        "grpc_server_msg_sent_total 3",
        "grpc_client_msg_sent_total 1",
        "grpc_client_msg_received_total 3",
    ] {
        let (name, count) = counted.split_once(' ').unwrap();
        assert_eq!(lines(&handle, &format!("{name}{stream}")), [format!("{name}{stream} {count}")]);
    }
}

#[tokio::test]
async fn made_up_names_share_one_label() {
    let (handle, _guard) = record();
    let metrics = Metrics::prometheus();
    let layer = InterceptorLayer::new(metrics).methods(&METHODS[..1]);
    let service = DummyServiceServer::new(DummyService::new());
    let router = Server::builder().layer(layer).add_service(service);
    let server = testing::serve(router).start().await.unwrap();
    let mut client = DummyServiceClient::new(server.channel());
    let request = || DummyRequest { input: "a".to_owned() };
    client.execute(request()).await.unwrap();
    client.execute_server_stream(request()).await.unwrap();
    let started = lines(&handle, "grpc_server_started_total{");
    let labels = |kind: &str, service: &str, method: &str| {
        format!(
            "grpc_server_started_total{{grpc_type=\"{kind}\",grpc_service=\"{service}\",\
             grpc_method=\"{method}\"}} 1"
        )
    };
    // The layer knows the first one.
    let expected =
        [labels("unary", "DummyService", "Execute"), labels("unknown", "other", "other")];
    assert_eq!(started, expected);
}

#[tokio::test]
async fn methods_can_be_left_out() {
    let (handle, _guard) = record();
    let some = when(except([methods::EXECUTE]), Metrics::prometheus());
    let mut client = testing::dummy().server_interceptors(some).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert_eq!(lines(&handle, "grpc_server_started_total{").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_duration_histogram_has_the_buckets_that_dashboards_query() {
    let seconds = Matcher::Suffix("_handling_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &Metrics::BUCKETS);
    let (handle, _guard) = record_with(builder.unwrap());
    let mut client = testing::dummy()
        .server_interceptors(Metrics::prometheus())
        .special_case_async("slow", |_| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            "at last"
        })
        .start()
        .await
        .unwrap();
    client.execute("slow").await.unwrap();

    let buckets = lines(&handle, "grpc_server_handling_seconds_bucket{");
    assert_eq!(buckets.len(), Metrics::BUCKETS.len() + 1, "{buckets:?}");
    for (bucket, count) in [("0.005", 0), ("1", 0), ("2.5", 1), ("10", 1), ("+Inf", 1)] {
        let end = format!(",le=\"{bucket}\"}} {count}");
        assert!(buckets.iter().any(|line| line.ends_with(&end)), "{end}: {buckets:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_as_in_flight_while_it_runs() {
    let (handle, _guard) = record();
    let mut client = testing::dummy()
        .client_interceptors(Metrics::prometheus())
        .special_case_async("hang", |_| std::future::pending::<String>())
        .start()
        .await
        .unwrap();
    let in_flight = || lines(&handle, "grpc_client_in_flight{");
    let soon = tokio::time::timeout(Duration::from_secs(1), client.execute("hang"));
    let mut call = Box::pin(soon);
    let seen = tokio::select! {
        biased;
        _ = &mut call => panic!("it hangs"),
        () = tokio::task::yield_now() => in_flight(),
    };
    assert!(seen[0].ends_with(" 1"), "{seen:?}");
    call.await.unwrap_err();
    assert!(in_flight()[0].ends_with(" 0"), "{:?}", in_flight());
}

#[tokio::test(start_paused = true)]
async fn custom_labels() {
    let (handle, _guard) = record();
    let metrics = Metrics::prometheus().labels(|context, metadata| {
        let has_token = metadata.contains_key("authorization");
        vec![("token", has_token.to_string()), ("side", format!("{:?}", context.side()))]
    });
    let mut client = testing::dummy().server_interceptors(metrics).start().await.unwrap();
    client.execute("Ada").await.unwrap();
    assert_eq!(
        lines(&handle, "grpc_server_handled_total{"),
        ["grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"DummyService\",\
          grpc_method=\"Execute\",token=\"false\",side=\"Server\",grpc_code=\"OK\"} 1"]
    );
}
