//! The options of a `Trace`.

use std::time::Duration;

use grpc_interceptor::interceptors::{Trace, when};
use opentelemetry::KeyValue;
use tonic::Request;

use crate::{
    collector::{Collector, attribute},
    greeter::Telling,
    support::{GreeterServer, call_each_with, connect, hello, many, read},
};

#[tokio::test]
async fn metadata_and_custom_attributes() {
    let collector = Collector::new();
    let trace = collector
        .trace()
        .metadata(["Tenant", "authorization", "absent", "trace-bin"])
        .attributes(|context, metadata| {
            let kind = format!("{:?}", context.kind());
            vec![
                KeyValue::new("app.kind", kind),
                KeyValue::new("app.keys", metadata.contains_key("tenant")),
            ]
        });
    let mut client = connect(GreeterServer::with_interceptors(Telling::default(), trace)).await;
    let metadata = [("tenant", "blue"), ("tenant", "green"), ("authorization", "Bearer secret")];
    call_each_with(&mut client, "", &metadata).await;
    for span in collector.spans(4).await {
        let metadata = |key: &str| attribute(&span, &format!("rpc.request.metadata.{key}"));
        assert_eq!(metadata("tenant").as_deref(), Some("[\"blue\",\"green\"]"));
        assert_eq!(metadata("authorization").as_deref(), Some("[\"[redacted]\"]"));
        assert_eq!(metadata("absent"), None);
        assert_eq!(attribute(&span, "app.keys").as_deref(), Some("true"));
        assert!(attribute(&span, "app.kind").is_some());
        assert!(!format!("{span:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_clients_target() {
    let collector = Collector::new();
    let client = connect(GreeterServer::new(Telling::default())).await;
    let trace = collector.trace().target("http://orders.internal:50051");
    client.through(trace).say_hello(hello("Ada")).await.expect("it is answered");
    let span = &collector.spans(1).await[0];
    assert_eq!(attribute(span, "server.address").as_deref(), Some("orders.internal"));
    assert_eq!(attribute(span, "server.port").as_deref(), Some("50051"));
    // A client doesn't know its peer's address.
    assert_eq!(attribute(span, "network.peer.address"), None);
}

#[tokio::test]
async fn only_some_methods() {
    let collector = Collector::new();
    let trace = when(|context| context.method_name().method() != "SayHello", collector.trace());
    let mut client = connect(GreeterServer::with_interceptors(Telling::default(), trace)).await;
    client.say_hello(hello("Ada")).await.expect("it is answered");
    let replies = client.greet_many_times(many("Ada", 1)).await.expect("it is answered");
    assert!(read(replies.into_inner()).await.1.is_ok());
    let spans = collector.spans(1).await;
    assert_eq!(spans[0].name, "greeter.v1.Greeter/GreetManyTimes");
}

#[tokio::test]
async fn a_span_lasts_as_long_as_its_stream() {
    let collector = Collector::new();
    let server = GreeterServer::with_interceptors(Telling::default(), collector.trace());
    let client = connect(server).await;
    let mut client = client.through(collector.trace());
    let mut replies = client
        .greet_many_times(Request::new(many("Ada", 3)))
        .await
        .expect("it is answered")
        .into_inner();
    replies.message().await.expect("there is one");
    tokio::time::sleep(Duration::from_millis(100)).await;
    while replies.message().await.expect("it doesn't fail").is_some() {}
    let spans = collector.spans(2).await;
    let client = spans.iter().find(|span| span.span_kind == opentelemetry::trace::SpanKind::Client);
    let client = client.expect("there is one");
    let elapsed =
        client.end_time.duration_since(client.start_time).expect("it ends behind its start");
    assert!(elapsed >= Duration::from_millis(100), "{elapsed:?}");
}

#[test]
fn a_trace_shows_no_secrets() {
    assert_eq!(format!("{:?}", Trace::default()), "Trace { .. }");
}
