use std::future::Future;

use grpc_interceptor_runtime::{
    __private::code_name, CallEnd, Context, Interceptor, Next, ObservedCall, Outcome,
};
use opentelemetry::{KeyValue, trace::TraceContextExt as _};
use tonic::{Code, Request, metadata::MetadataMap};

use crate::otel::conventions::STATUS_CODE;

/// Adds an event to the current span for each failed attempt.
///
/// Created by [`Trace::attempts`](super::Trace::attempts).
#[cfg(feature = "opentelemetry")]
#[derive(Clone, Copy, Debug)]
pub struct TraceAttempts(pub(super) ());

impl<N: Next> Interceptor<N> for TraceAttempts {
    fn intercept(
        &self,
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let attempt = Attempt::new(request.metadata());
        next.observed_by(attempt).run(request)
    }
}

struct Attempt {
    span: opentelemetry::Context,
    previous: Option<i64>,
}

impl Attempt {
    fn new(metadata: &MetadataMap) -> Self {
        let previous = metadata.get("grpc-previous-rpc-attempts");
        let previous = previous.and_then(|count| count.to_str().ok()?.parse().ok());
        Attempt { span: opentelemetry::Context::current(), previous }
    }

    fn failed(&self, end: &CallEnd<'_>) {
        let span = self.span.span();
        if !span.is_recording() {
            return;
        }
        let mut attributes = vec![KeyValue::new(STATUS_CODE, code_name(end.code()))];
        let message = end.status().map(|status| status.message()).filter(|text| !text.is_empty());
        if let Some(message) = message {
            attributes.push(KeyValue::new("error.message", message.to_owned()));
        }
        if let Some(previous) = self.previous {
            // The name used in gRPC's proposal A72.
            attributes.push(KeyValue::new("previous-rpc-attempts", previous));
        }
        span.add_event("attempt failed", attributes);
    }
}

impl<Q, P> ObservedCall<Q, P> for Attempt {
    const LOOKS_AT_MESSAGES: bool = false;

    fn end(&self, end: &CallEnd<'_>) {
        if end.code() != Code::Ok {
            self.failed(end);
        }
    }
}
