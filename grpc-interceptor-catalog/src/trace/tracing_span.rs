use grpc_interceptor_runtime::{Context, Side};
use opentelemetry::{Context as Carried, trace::TraceContextExt as _};
use tracing::{Span, info_span};

use super::{
    Options,
    span::{names, span_name},
};

/// Opens the call's `tracing` span, if enabled, and returns the OpenTelemetry span that came with
/// it.
///
/// A subscriber with a `tracing-opentelemetry` layer creates an OpenTelemetry span for each
/// `tracing` span, and makes it current when the `tracing` span is entered. This finds it without
/// depending on any version of that crate.
pub(super) fn open(
    options: &Options,
    context: &Context,
    parent: &Carried,
) -> (Option<Carried>, Span) {
    if !options.tracing_span {
        return (None, Span::none());
    }
    let (method, original) = names(context);
    let _current = parent.clone().attach();
    let span = info_span!(
        target: "grpc_interceptor::trace",
        "grpc",
        otel.name = span_name(context),
        otel.kind = match context.side() {
            Side::Server => "server",
            Side::Client => "client",
        },
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.method_original = original,
    );
    let inside = span.in_scope(Carried::current);
    let own = inside.span().span_context().clone();
    let is_new = own.is_valid() && own.span_id() != parent.span().span_context().span_id();
    (is_new.then_some(inside), span)
}
