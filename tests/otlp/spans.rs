//! The spans as they arrive.

use std::{
    collections::BTreeMap,
    ops::Deref,
    time::{Duration, SystemTime},
};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span, SpanFlags, span::SpanKind, status::StatusCode},
};

/// A span, and the resource that created it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The resource's `service.name`.
    pub(crate) service: String,
    pub(crate) scope: InstrumentationScope,
    pub(crate) schema_url: String,
    span: Span,
}

impl Deref for Received {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

pub(crate) fn received(of_resource: &ResourceSpans) -> Vec<Received> {
    let resource = of_resource.resource.as_ref().expect("a resource is always sent");
    let service = texts(&resource.attributes)["service.name"].clone();
    let spans = of_resource.scope_spans.iter().flat_map(|of_scope| {
        of_scope.spans.iter().map(|span| Received {
            service: service.clone(),
            scope: of_scope.scope.clone().expect("a scope is always sent"),
            schema_url: of_scope.schema_url.clone(),
            span: span.clone(),
        })
    });
    spans.collect()
}

/// Keys and values. A duplicate key is a mistake.
pub(crate) fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for KeyValue { key, value, .. } in attributes {
        let text = match value {
            Some(AnyValue { value: Some(Value::StringValue(text)) }) => text.clone(),
            Some(AnyValue { value: Some(Value::IntValue(number)) }) => number.to_string(),
            other => panic!("{key} is {other:?}"),
        };
        assert_eq!(texts.insert(key.clone(), text), None, "{key} is there twice");
    }
    texts
}

impl Received {
    pub(crate) fn attributes(&self) -> BTreeMap<String, String> {
        texts(&self.span.attributes)
    }

    /// The code, and the message that an error has.
    pub(crate) fn ended(&self) -> (StatusCode, &str) {
        let status = self.status.as_ref().expect("a status is always sent");
        (status.code(), &status.message)
    }

    pub(crate) fn start(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.start_time_unix_nano)
    }

    pub(crate) fn end(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.end_time_unix_nano)
    }

    pub(crate) fn duration(&self) -> Duration {
        self.end().duration_since(self.start()).expect("it ends after its start")
    }
}

/// The spans of each trace. Asserts that there are this many traces.
pub(crate) fn traces(spans: &[Received], count: usize) -> Vec<Vec<&Received>> {
    let mut traces = BTreeMap::<&[u8], Vec<_>>::new();
    for span in spans {
        assert_eq!(span.trace_id.len(), 16);
        assert_eq!(span.span_id.len(), 8);
        traces.entry(&span.trace_id).or_default().push(span);
    }
    assert_eq!(traces.len(), count, "{traces:#?}");
    traces.into_values().collect()
}

/// The spans with this parent. Spans without a parent are roots.
pub(crate) fn children<'a>(trace: &[&'a Received], parent: &[u8]) -> Vec<&'a Received> {
    let mut children: Vec<_> =
        trace.iter().copied().filter(|span| span.parent_span_id == parent).collect();
    children.sort_by_key(|span| span.start_time_unix_nano);
    children
}

/// The service and kind of each span of a call, outermost first.
pub(crate) const LINE: [(&str, SpanKind); 4] = [
    ("client", SpanKind::Client),
    ("front", SpanKind::Server),
    ("front", SpanKind::Client),
    ("back", SpanKind::Server),
];

/// The spans of a call, each the only child of the previous one.
pub(crate) fn line<'a>(trace: &[&'a Received]) -> [&'a Received; 4] {
    assert_eq!(trace.len(), LINE.len(), "{trace:#?}");
    let mut parent: &[u8] = &[];
    LINE.map(|(service, kind)| {
        let [span] = children(trace, parent)[..] else { panic!("no line: {trace:#?}") };
        assert_eq!((&*span.service, span.kind()), (service, kind), "{trace:#?}");
        // Whether it was sampled, and whether the parent is in another process.
        let mut flags = 1 | SpanFlags::ContextHasIsRemoteMask as u32;
        if kind == SpanKind::Server {
            flags |= SpanFlags::ContextIsRemoteMask as u32;
        }
        assert_eq!(span.flags, flags, "{span:#?}");
        parent = &span.span_id;
        span
    })
}

/// Asserts the attributes of a span whose call ended with this code.
pub(crate) fn assert_attributes(span: &Received, code: &str, is_error: bool) {
    let mut attributes = span.attributes();
    let mut taken = |key: &str| attributes.remove(key);
    assert_eq!(taken("rpc.system.name").as_deref(), Some("grpc"));
    assert_eq!(taken("rpc.method").as_deref(), Some(&*span.name));
    assert_eq!(taken("rpc.response.status_code").as_deref(), Some(code), "{span:#?}");
    assert_eq!(taken("error.type").as_deref(), is_error.then_some(code), "{span:#?}");
    let (address, port) = match span.kind() {
        SpanKind::Server => ("network.peer.address", "network.peer.port"),
        _ => ("server.address", "server.port"),
    };
    assert_eq!(taken(address).as_deref(), Some("127.0.0.1"), "{span:#?}");
    let port = taken(port).and_then(|port| port.parse::<u16>().ok());
    assert!(port.is_some_and(|port| port != 0), "{span:#?}");
    assert_eq!(attributes, BTreeMap::new(), "{span:#?}");
}
