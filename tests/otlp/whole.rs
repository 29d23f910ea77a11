//! Calls that are answered.

use std::time::SystemTime;

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::{
    greeters::SLOW,
    services::Services,
    spans::{assert_attributes, line, traces},
    support::call_each_through,
};

#[tokio::test]
async fn each_call_is_one_trace_from_the_client_through_both_servers() {
    let services = Services::start().await;
    for answer in call_each_through(&mut services.client(), "Ada").await {
        assert!(answer.messages().iter().all(|message| message == "Hello Ada"), "{answer:?}");
    }
    let spans = services.spans(16).await;
    let mut names = Vec::new();
    for trace in traces(&spans, 4) {
        let line = line(&trace);
        for span in line {
            assert_eq!(span.name, line[0].name);
            assert_attributes(span, "OK", false);
            assert_eq!(span.ended(), (StatusCode::Unset, ""));
            assert!(span.events.is_empty() && span.links.is_empty(), "{span:#?}");
            assert_eq!(span.scope.name, "grpc-interceptor");
            assert_eq!(span.scope.version, env!("CARGO_PKG_VERSION"));
            assert_eq!(span.schema_url, "https://opentelemetry.io/schemas/1.44.0");
        }
        assert!(line.is_sorted_by_key(|span| span.start_time_unix_nano), "{line:#?}");
        names.push(line[0].name.as_str());
    }
    names.sort_unstable();
    assert_eq!(
        names,
        ["Chat", "GreetEverybody", "GreetManyTimes", "SayHello"]
            .map(|method| format!("greeter.v1.Greeter/{method}"))
    );
}

#[tokio::test]
async fn a_span_lasts_as_long_as_its_call() {
    let services = Services::start().await;
    let before = SystemTime::now();
    for answer in call_each_through(&mut services.client(), SLOW.0).await {
        assert!(answer.result.is_ok(), "{answer:?}");
    }
    let after = SystemTime::now();
    let spans = services.spans(16).await;
    for trace in traces(&spans, 4) {
        let line = line(&trace);
        // Each stream has two messages.
        let messages = if line[0].name.ends_with("/SayHello") { 1 } else { 2 };
        for span in line {
            assert!(span.duration() >= SLOW.1 * messages, "{:?}: {span:#?}", span.duration());
        }
        assert!(
            before <= line[0].start() && line[0].end() <= after,
            "{before:?} {after:?} {line:#?}"
        );
    }
}
