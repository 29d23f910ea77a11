//! From a client to a server, and from there to the next.

use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt as _,
    trace::{FutureExt as _, SpanContext, SpanId, SpanKind, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::trace::{Sampler, SpanData};

use crate::{
    collector::{Collector, assert_parent, attribute, one},
    greeter::Telling,
    support::{
        Answer, Client, GreeterServer, call_each, call_each_in_layer, call_each_through,
        call_each_with, connect, connect_in_layer, hello,
    },
};

/// Where the interceptors are.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Passed to `with_interceptors`, on a server and a client.
    Typed,
    /// In layers around the server and around the client's channel.
    Layer,
}

async fn server(form: Form, telling: Telling, collector: &Collector) -> Client {
    match form {
        Form::Typed => connect(GreeterServer::with_interceptors(telling, collector.trace())).await,
        Form::Layer => connect_in_layer(GreeterServer::new(telling), collector.trace()).await,
    }
}

async fn call(form: Form, client: &Client, collector: &Collector) -> [Answer; 4] {
    match form {
        Form::Typed => call_each_through(&mut client.through(collector.trace()), "").await,
        Form::Layer => call_each_in_layer(&mut client.in_layer(collector.trace()), "").await,
    }
}

/// The only child.
fn child<'a>(spans: &'a [SpanData], parent: &SpanData) -> &'a SpanData {
    let is_child = |span: &&SpanData| span.parent_span_id == parent.span_context.span_id();
    let children: Vec<_> = spans.iter().filter(is_child).collect();
    let [child] = children[..] else { panic!("{} children of {parent:#?}", children.len()) };
    assert_parent(child, parent);
    child
}

#[tokio::test]
async fn a_handlers_calls_are_children_of_its_span() {
    for form in [Form::Typed, Form::Layer] {
        let collector = Collector::new();
        let second = server(form, Telling::default(), &collector).await;
        let next = Some((second.channel(), collector.trace()));
        let first = server(form, Telling { next }, &collector).await;
        call(form, &first, &collector)
            .await
            .iter()
            .for_each(|answer| assert!(answer.result.is_ok()));

        let spans = collector.spans(16).await;
        let roots: Vec<_> =
            spans.iter().filter(|span| span.parent_span_id == SpanId::INVALID).collect();
        let mut names: Vec<_> = roots.iter().map(|root| root.name.as_ref()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["Chat", "GreetEverybody", "GreetManyTimes", "SayHello"]
                .map(|method| format!("greeter.v1.Greeter/{method}")),
            "{form:?}"
        );
        for client in roots {
            let server = child(&spans, client);
            let (inner_client, inner_server) =
                (child(&spans, server), child(&spans, child(&spans, server)));
            let kinds = [client, server, inner_client, inner_server].map(|span| &span.span_kind);
            let kinds_of_two = [SpanKind::Client, SpanKind::Server];
            assert_eq!(kinds[..2], [&kinds_of_two[0], &kinds_of_two[1]]);
            assert_eq!(kinds[2..], [&kinds_of_two[0], &kinds_of_two[1]]);
            assert!(server.parent_span_is_remote && !inner_client.parent_span_is_remote);
            assert!(client.start_time <= server.start_time);
        }
    }
}

#[tokio::test]
async fn a_call_is_a_child_of_the_callers_own_span() {
    let collector = Collector::new();
    let client = server(Form::Typed, Telling::default(), &collector).await;
    let own = Context::new().with_span(collector.tracer().start("own"));
    let mut through = client.through(collector.trace());
    through.say_hello(hello("Ada")).with_context(own.clone()).await.expect("it is answered");
    own.span().end();
    let spans = collector.spans(3).await;
    let name = "greeter.v1.Greeter/SayHello";
    let called = one(&spans, SpanKind::Client, name);
    assert_parent(called, one(&spans, SpanKind::Internal, "own"));
    assert_parent(one(&spans, SpanKind::Server, name), called);
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const METADATA: [(&str, &str); 4] = [
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    // It can be split into several values.
    ("tracestate", "one=1"),
    ("tracestate", "two=2"),
    ("baggage", "tenant=blue"),
];

#[tokio::test]
async fn the_requests_trace_is_adopted() {
    let collector = Collector::new();
    let mut client = server(Form::Typed, Telling::default(), &collector).await;
    let [answer, ..] = call_each_with(&mut client, "baggage", &METADATA).await;
    assert_eq!(answer.messages(), ["tenant=blue"]);
    for span in collector.spans(4).await {
        assert_eq!(span.span_context.trace_id().to_string(), TRACE);
        assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
        assert!(span.parent_span_is_remote);
        assert!(span.links.is_empty());
        assert_eq!(span.span_context.trace_state().get("one"), Some("1"));
    }
}

#[tokio::test]
async fn an_untrusted_requests_trace_is_only_linked() {
    let collector = Collector::new();
    let trace = collector.trace().untrusted();
    let mut client = connect(GreeterServer::with_interceptors(Telling::default(), trace)).await;
    let [answer, ..] = call_each_with(&mut client, "baggage", &METADATA).await;
    assert_eq!(answer.messages(), [""]);
    // With nothing to link.
    call_each(&mut client, "").await;
    let spans = collector.spans(8).await;
    let links = |span: &SpanData| span.links.iter().map(|link| link.span_context.clone()).collect();
    for (index, span) in spans.iter().enumerate() {
        assert_ne!(span.span_context.trace_id().to_string(), TRACE);
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        let linked: Vec<SpanContext> = links(span);
        let ids: Vec<_> = linked.iter().map(|one| one.trace_id().to_string()).collect();
        let expected: &[&str] = if index < 4 { &[TRACE] } else { &[] };
        assert_eq!(ids, expected, "{span:#?}");
    }
}

#[tokio::test]
async fn an_invalid_traceparent_starts_a_new_trace() {
    let collector = Collector::new();
    let mut client = server(Form::Typed, Telling::default(), &collector).await;
    let metadata = [("traceparent", "00-nonsense"), ("tracestate", ",,=,")];
    call_each_with(&mut client, "", &metadata).await;
    for span in collector.spans(4).await {
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        assert!(span.links.is_empty());
    }
}

#[tokio::test]
async fn an_unsampled_trace_is_propagated() {
    let collector = Collector::new();
    let next = Collector::new();
    let second = server(Form::Typed, Telling::default(), &next).await;
    let telling = Telling { next: Some((second.channel(), collector.trace())) };
    let mut first = server(Form::Typed, telling, &collector).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    call_each_with(&mut first, "", &[("traceparent", parent)]).await;
    // Neither of the two has one: the second server learns it from the first.
    collector.spans(0).await;
    next.spans(0).await;
}

#[tokio::test]
async fn a_sampler_sees_the_attributes() {
    #[derive(Clone, Debug)]
    struct NoChats;
    impl opentelemetry_sdk::trace::ShouldSample for NoChats {
        fn should_sample(
            &self,
            parent: Option<&Context>,
            trace: opentelemetry::trace::TraceId,
            name: &str,
            kind: &SpanKind,
            attributes: &[KeyValue],
            links: &[opentelemetry::trace::Link],
        ) -> opentelemetry_sdk::trace::SamplingResult {
            let is_chat =
                attributes.contains(&KeyValue::new("rpc.method", "greeter.v1.Greeter/Chat"));
            let sampler = if is_chat { Sampler::AlwaysOff } else { Sampler::AlwaysOn };
            sampler.should_sample(parent, trace, name, kind, attributes, links)
        }
    }
    let collector = Collector::with_sampler(NoChats);
    let mut client = server(Form::Typed, Telling::default(), &collector).await;
    call_each(&mut client, "").await;
    let spans = collector.spans(3).await;
    assert!(spans.iter().all(|span| !span.name.ends_with("/Chat")));
    assert_eq!(attribute(&spans[0], "rpc.method").as_deref(), Some(spans[0].name.as_ref()));
}

#[tokio::test]
async fn a_clients_baggage_is_propagated() {
    let collector = Collector::new();
    let client = server(Form::Typed, Telling::default(), &collector).await;
    let mut client = client.through(collector.trace());
    let with_baggage = Context::new().with_baggage([KeyValue::new("tenant", "green")]);
    let reply = client.say_hello(hello("baggage")).with_context(with_baggage).await;
    assert_eq!(reply.expect("it is answered").into_inner().message, "tenant=green");
}
