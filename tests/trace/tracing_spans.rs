//! Together with `tracing` and `tracing-opentelemetry`.

use std::sync::{Arc, Mutex};

use grpc_interceptor::interceptors::Trace;
use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
use opentelemetry::trace::SpanKind;
use tonic::{Request, Response, Status, transport::Channel};
use tracing::{
    Event, Instrument as _, Subscriber, info, info_span, instrument::WithSubscriber as _,
};
use tracing_subscriber::{
    Layer, filter::filter_fn, layer::Context, prelude::*, registry::LookupSpan,
};

use crate::{
    collector::{Collector, assert_parent, assert_root, attribute, one},
    support::{GreeterClient, HelloReply, HelloRequest, connect, hello},
};

const NAME: &str = "greeter.v1.Greeter/SayHello";

/// Opens a span, logs an event in it, and calls another server.
struct Working {
    next: Option<(Channel, Trace)>,
}

#[tonic::async_trait]
impl Greeter for Working {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        info!("before the work");
        let work = async {
            info!("at work");
            if let Some((channel, trace)) = &self.next {
                let mut next = GreeterClient::with_interceptors(channel.clone(), trace.clone());
                next.say_hello(hello("next")).await?;
            }
            Ok(Response::new(HelloReply::default()))
        };
        work.instrument(info_span!("work")).await
    }
}

/// The names of the `tracing` spans around each event.
#[derive(Clone, Default)]
struct Around(Arc<Mutex<Vec<Vec<&'static str>>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Around {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == module_path!() {
            let scope = context.event_scope(event).into_iter().flatten();
            let own = scope.map(|span| span.name()).filter(|name| ["grpc", "work"].contains(name));
            self.0.lock().unwrap().push(own.collect());
        }
    }
}

/// Calls a server that calls a second one.
async fn call(collector: &Collector, trace: Trace) -> Around {
    let around = Around::default();
    let subscriber = tracing_subscriber::registry()
        // Without the spans of tonic's own dependencies.
        .with(tracing_opentelemetry::layer().with_tracer(collector.tracer()).with_filter(
            filter_fn(|metadata| {
                metadata.target() == module_path!()
                    || metadata.target() == "grpc_interceptor::trace"
            }),
        ))
        .with(around.clone());
    let calls = async {
        let server = |next| GreeterServer::with_interceptors(Working { next }, trace.clone());
        let second = connect(server(None)).await;
        let first = connect(server(Some((second.channel(), trace.clone())))).await;
        first.through(trace.clone()).say_hello(hello("Ada")).await.expect("it is answered");
    };
    // Everything runs on one thread, so the servers' tasks have the subscriber as well.
    let _default = tracing::subscriber::set_default(subscriber);
    calls.with_current_subscriber().await;
    around
}

/// A client, a server, its work, a client, a server, its work: each a child of the previous one.
fn assert_line(spans: &[opentelemetry_sdk::trace::SpanData]) {
    let root =
        spans.iter().find(|span| span.parent_span_id == opentelemetry::trace::SpanId::INVALID);
    let mut span = root.expect("there is a root");
    assert_root(span);
    let mut kinds = vec![span.span_kind.clone()];
    while let Some(child) =
        spans.iter().find(|child| child.parent_span_id == span.span_context.span_id())
    {
        assert_parent(child, span);
        kinds.push(child.span_kind.clone());
        span = child;
    }
    use SpanKind::{Client, Internal, Server};
    assert_eq!(kinds, [Client, Server, Internal, Client, Server, Internal]);
}

#[tokio::test]
async fn a_handlers_spans_are_children_of_the_calls_span() {
    let collector = Collector::new();
    let around = call(&collector, collector.trace()).await;
    let spans = collector.spans(6).await;
    assert_line(&spans);
    // The call has no `tracing` span.
    assert_eq!(around.0.lock().unwrap()[..2], [vec![], vec!["work"]]);
}

#[tokio::test]
async fn a_call_has_a_tracing_span_if_enabled() {
    let collector = Collector::new();
    let around = call(&collector, collector.trace().tracing_span()).await;
    // One for each call, not two.
    let spans = collector.spans(6).await;
    assert_line(&spans);
    let events = around.0.lock().unwrap();
    assert_eq!(events[0], ["grpc"]);
    assert_eq!(events[1], ["work", "grpc"]);
    for span in spans.iter().filter(|span| span.span_kind != SpanKind::Internal) {
        assert_eq!(span.name, NAME);
        assert_eq!(attribute(span, "rpc.method").as_deref(), Some(NAME));
        assert_eq!(attribute(span, "rpc.system.name").as_deref(), Some("grpc"));
        assert_eq!(attribute(span, "rpc.response.status_code").as_deref(), Some("OK"));
        let methods = span.attributes.iter().filter(|one| one.key.as_str() == "rpc.method");
        assert_eq!(methods.count(), 1);
    }
}

#[tokio::test]
async fn without_an_exporting_layer_a_tracing_span_is_only_for_logs() {
    let collector = Collector::new();
    let around = Around::default();
    let _default =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(around.clone()));
    let trace = collector.trace().tracing_span();
    let client = connect(GreeterServer::with_interceptors(Working { next: None }, trace)).await;
    client.through(collector.trace()).say_hello(hello("Ada")).await.expect("it is answered");
    let spans = collector.spans(2).await;
    assert_parent(one(&spans, SpanKind::Server, NAME), one(&spans, SpanKind::Client, NAME));
    assert_eq!(around.0.lock().unwrap()[0], ["grpc"]);
}
