//! Handlers with hand-written logs, traces and metrics, as people write them: only for the unary
//! call, and only for calls that run to completion.

use std::time::{Duration, Instant};

use grpc_interceptor_proto::{
    default_stubs::greeter_server::Greeter,
    greeter::{HelloReply, HelloRequest},
};
use opentelemetry::{
    Context, KeyValue,
    trace::{FutureExt as _, SpanKind, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use tonic::{Request, Response, Status};

use super::handler::say_hello;

const METHOD: &str = "/greeter.v1.Greeter/SayHello";

/// Logs.
pub struct Logs;

#[tonic::async_trait]
impl Greeter for Logs {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let start = Instant::now();
        let response = say_hello(request);
        let elapsed_ms = start.elapsed().as_micros() as f64 / 1000.0;
        tracing::info!(method = METHOD, code = "OK", elapsed_ms, "finished call");
        Ok(response)
    }
}

/// Traces.
pub struct Spans(pub SdkTracer);

#[tonic::async_trait]
impl Greeter for Spans {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let span = self
            .0
            .span_builder("greeter.v1.Greeter/SayHello")
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("rpc.system.name", "grpc"),
                KeyValue::new("rpc.method", "greeter.v1.Greeter/SayHello"),
            ])
            .start(&self.0);
        let context = Context::current_with_span(span);
        let response = async { say_hello(request) }.with_context(context.clone()).await;
        context.span().set_attribute(KeyValue::new("rpc.response.status_code", "OK"));
        context.span().end();
        Ok(response)
    }
}

/// Spans without an exporter.
pub fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Nowhere).build()
}

#[derive(Debug)]
struct Nowhere;

impl SpanProcessor for Nowhere {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Counts.
pub struct Counts;

#[tonic::async_trait]
impl Greeter for Counts {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let start = Instant::now();
        metrics::counter!("grpc_server_started_total", "grpc_method" => METHOD).increment(1);
        let response = say_hello(request);
        metrics::counter!("grpc_server_handled_total", "grpc_method" => METHOD, "grpc_code" => "OK")
            .increment(1);
        metrics::histogram!("grpc_server_handling_seconds", "grpc_method" => METHOD)
            .record(start.elapsed().as_secs_f64());
        Ok(response)
    }
}
