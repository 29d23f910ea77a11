//! The span of one call. Nothing here depends on an RPC's types, so it is compiled only once.

use std::net::SocketAddr;

use grpc_interceptor_runtime::{__private::code_name, CallEnd, Context, EndCause, Side};
use opentelemetry::{
    Context as Carried, KeyValue,
    trace::{
        Link, SpanBuilder, SpanContext, SpanKind, Status as SpanStatus, TraceContextExt as _,
        Tracer as _,
    },
};
use tonic::metadata::MetadataMap;

use super::{
    Options,
    carrier::{Incoming, Outgoing},
    current::Current,
};
use crate::made_up::is_made_up;
use crate::otel::conventions::{
    ERROR_TYPE, GRPC, METHOD, METHOD_ORIGINAL, OTHER, STATUS_CODE, SYSTEM, is_error, method,
};

/// A call's span, kept until the call ends.
pub(super) struct CallSpan {
    side: Side,
    /// Also keeps the `tracing` span: dropping it earlier would end the call's span.
    current: Current,
}

/// Starts the span of a call. On a client, the context is injected into the request.
pub(super) fn start(
    options: &Options,
    context: &Context,
    metadata: &mut MetadataMap,
    peer: Option<SocketAddr>,
) -> (CallSpan, Current) {
    let side = context.side();
    let (parent, link) = match side {
        Side::Server => caller(options, metadata),
        Side::Client => (Carried::current(), None),
    };
    let current = open(options, context, parent, link, metadata, peer);
    if side == Side::Client {
        let carrier = &mut Outgoing(metadata);
        options.with_propagator(|propagator| propagator.inject_context(&current.context, carrier));
    }
    (CallSpan { side, current: current.clone() }, current)
}

/// Returns the remote parent from the request, or a link to it.
fn caller(options: &Options, metadata: &MetadataMap) -> (Carried, Option<SpanContext>) {
    let here = Carried::current();
    let carrier = &Incoming(metadata);
    let theirs =
        options.with_propagator(|propagator| propagator.extract_with_context(&here, carrier));
    if !options.untrusted {
        return (theirs, None);
    }
    let remote = theirs.span().span_context().clone();
    (here, (remote.is_remote() && remote.is_valid()).then_some(remote))
}

fn open(
    options: &Options,
    context: &Context,
    parent: Carried,
    link: Option<SpanContext>,
    metadata: &MetadataMap,
    peer: Option<SocketAddr>,
) -> Current {
    #[cfg(feature = "tracing")]
    let (parent, span) = {
        let (inside, span) = super::tracing_span::open(options, context, &parent);
        if let Some(inside) = inside {
            let own = inside.span();
            let mut attributes = Vec::new();
            add_attributes(options, context, metadata, peer, &mut attributes);
            own.set_attributes(attributes);
            if let Some(link) = link {
                own.add_link(link, Vec::new());
            }
            return Current { context: inside, span };
        }
        (parent, span)
    };
    let builder = SpanBuilder::from_name(span_name(context))
        .with_kind(match context.side() {
            Side::Server => SpanKind::Server,
            Side::Client => SpanKind::Client,
        })
        .with_attributes(attributes(options, context, metadata, peer))
        .with_links(link.into_iter().map(|link| Link::new(link, Vec::new(), 0)).collect());
    let own = options.tracer().build_with_context(builder, &parent);
    Current {
        context: parent.with_span(own),
        #[cfg(feature = "tracing")]
        span,
    }
}

pub(super) fn span_name(context: &Context) -> &'static str {
    if is_made_up(context.side(), context.kind()) {
        GRPC
    } else {
        method(context.method_name().path())
    }
}

/// The method, and the name that the caller used if that is different.
pub(super) fn names(context: &Context) -> (&'static str, Option<&'static str>) {
    let name = method(context.method_name().path());
    match is_made_up(context.side(), context.kind()) {
        false => (name, None),
        // A layer's placeholder for a name that it couldn't keep isn't the caller's.
        true => (OTHER, (name != "unknown/unknown").then_some(name)),
    }
}

/// The attributes known at the start, which a sampler can use.
fn attributes(
    options: &Options,
    context: &Context,
    metadata: &MetadataMap,
    peer: Option<SocketAddr>,
) -> Vec<KeyValue> {
    let (name, original) = names(context);
    let mut attributes = Vec::with_capacity(8);
    attributes.push(KeyValue::new(SYSTEM, GRPC));
    attributes.push(KeyValue::new(METHOD, name));
    attributes.extend(original.map(|original| KeyValue::new(METHOD_ORIGINAL, original)));
    add_attributes(options, context, metadata, peer, &mut attributes);
    attributes
}

/// Adds all attributes except the names.
fn add_attributes(
    options: &Options,
    context: &Context,
    metadata: &MetadataMap,
    peer: Option<SocketAddr>,
    attributes: &mut Vec<KeyValue>,
) {
    if let Some(peer) = peer {
        attributes.push(KeyValue::new("network.peer.address", peer.ip().to_string()));
        attributes.push(KeyValue::new("network.peer.port", i64::from(peer.port())));
    }
    attributes.extend_from_slice(&options.server);
    options.metadata.add(metadata, attributes);
    if let Some(more) = &options.attributes {
        attributes.extend(more(context, metadata));
    }
}

impl CallSpan {
    pub(super) fn end(&self, end: &CallEnd<'_>) {
        let span = self.current.context.span();
        if span.is_recording() {
            let code = code_name(end.code());
            span.set_attribute(KeyValue::new(STATUS_CODE, code));
            if is_error(self.side, end.code()) {
                span.set_attribute(KeyValue::new(ERROR_TYPE, code));
                span.set_status(SpanStatus::error(description(end)));
            }
        }
        span.end();
    }
}

fn description(end: &CallEnd<'_>) -> String {
    match (end.status(), end.cause()) {
        (Some(status), _) => status.message().to_owned(),
        (None, EndCause::Panicked) => "panicked".to_owned(),
        (None, EndCause::TimedOut) => "the deadline has passed".to_owned(),
        (None, _) => "dropped before its end".to_owned(),
    }
}
