//! With the global provider.

use grpc_interceptor::interceptors::Trace;
use opentelemetry::global;

use crate::{
    collector::{Collector, assert_parent, propagator},
    greeter::Telling,
    support::{GreeterServer, connect, hello},
};

/// The only test that sets the process's globals.
#[tokio::test]
async fn the_global_provider_and_propagator_are_found_on_the_first_call() {
    let trace = Trace::new();
    let client = connect(GreeterServer::with_interceptors(Telling::default(), trace.clone())).await;
    let collector = Collector::new();
    global::set_tracer_provider(collector.provider.clone());
    global::set_text_map_propagator(propagator());
    client.through(trace).say_hello(hello("Ada")).await.expect("it is answered");
    let spans = collector.spans(2).await;
    assert_parent(&spans[0], &spans[1]);
    let scope = &spans[0].instrumentation_scope;
    assert_eq!(scope.name(), "grpc-interceptor");
    assert_eq!(scope.schema_url(), Some("https://opentelemetry.io/schemas/1.44.0"));
}
