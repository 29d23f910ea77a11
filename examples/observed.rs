//! An observable server: a log line and a span for each call, Prometheus metrics, and a web page
//! that shows live calls. A client makes calls that end in many different ways.
//!
//! ```text
//! cargo run --example observed                 makes the calls, then exits
//! cargo run --example observed -- --serve      makes the calls, then serves the metrics and the page until Ctrl-C
//! ```
//!
//! With `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317`, the spans go to an OpenTelemetry
//! collector or any other OTLP receiver, such as Jaeger.

use std::{env, error::Error, time::Duration};

use grpc_interceptor::{
    InterceptorLayer, Side,
    interceptors::{AccessLog, CatchPanic, Metrics, Rpcz, Trace},
};
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{self, Greeter, GreeterServer},
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest, greeter_client::GreeterClient},
    shop::v1::{ItemRequest, shop_client::ShopClient},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use opentelemetry::global;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt as _;
use tonic::{
    Request, Response, Status,
    codegen::BoxStream,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tracing::Level;

/// Where Prometheus scrapes the metrics.
const METRICS: ([u8; 4], u16) = ([127, 0, 0, 1], 9464);

/// The port of the page, reachable only from this machine.
const PAGE: u16 = 9466;

// ---- The server --------------------------------------------------------------------------------

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        match request.into_inner().name.as_str() {
            "nobody" => return Err(Status::not_found("nobody is here")),
            "the boss" => panic!("the boss must not be greeted"),
            "a snail" => sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok(Response::new(HelloReply { message: "Hello!".to_owned() }))
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let times = request.into_inner().times;
        let replies = tokio_stream::iter(1..=times)
            .map(|number| Ok(HelloReply { message: format!("Hello number {number}!") }))
            .throttle(Duration::from_millis(1));
        Ok(Response::new(Box::pin(replies)))
    }
}

async fn serve(incoming: TcpIncoming, rpcz: Rpcz) -> Result<(), tonic::transport::Error> {
    let log = AccessLog::new().slow(Duration::from_millis(80), Level::WARN);
    // Start at zero, so that the first failure is visible as an increase.
    let metrics = Metrics::prometheus().register(Side::Server, greeter_server::METHODS);
    // `CatchPanic` is innermost, so that the others see the status it returns.
    let interceptors = InterceptorLayer::new((Trace::new(), metrics, log, rpcz, CatchPanic::new()))
        // RPCs that the layer doesn't know are counted as `other`.
        .methods(greeter_server::METHODS);
    Server::builder()
        .layer(interceptors)
        .add_service(GreeterServer::new(MyGreeter))
        .serve_with_incoming(incoming)
        .await
}

// ---- The load ----------------------------------------------------------------------------------

async fn call(channel: Channel) -> Result<(), Status> {
    // Each call is one trace, with a client span and a server span.
    let mut greeter = GreeterClient::with_interceptors(channel.clone(), Trace::new());
    for _ in 0..10 {
        greeter.say_hello(hello("Ada")).await?;
    }
    for _ in 0..3 {
        expect_failure(greeter.say_hello(hello("nobody")).await);
    }
    expect_failure(greeter.say_hello(hello("the boss")).await);

    // The deadline passes.
    for _ in 0..2 {
        let mut request = hello("a snail");
        request.set_timeout(Duration::from_millis(100));
        expect_failure(greeter.say_hello(request).await);
    }
    // The client cancels the call.
    for _ in 0..4 {
        let given_up =
            timeout(Duration::from_millis(50), greeter.say_hello(hello("a snail"))).await;
        assert!(given_up.is_err(), "a snail takes a minute");
    }

    // A stream that is read to its end, and one that the client drops.
    let mut replies = greeter.greet_many_times(many(3)).await?.into_inner();
    while replies.message().await?.is_some() {}
    let mut replies = greeter.greet_many_times(many(100_000)).await?.into_inner();
    replies.message().await?;
    drop(replies);

    // A service that the server doesn't have.
    expect_failure(ShopClient::new(channel).get_item(ItemRequest::default()).await);
    // Cancellations reach the server a little later.
    sleep(Duration::from_millis(200)).await;
    Ok(())
}

fn hello(name: &str) -> Request<HelloRequest> {
    Request::new(HelloRequest { name: name.to_owned() })
}

fn many(times: u32) -> Request<GreetManyTimesRequest> {
    Request::new(GreetManyTimesRequest { name: "Ada".to_owned(), times })
}

fn expect_failure<T>(outcome: Result<Response<T>, Status>) {
    assert!(outcome.is_err(), "this call fails");
}

// ---- The spans ---------------------------------------------------------------------------------

/// Sends spans to a collector if one is configured. Otherwise keeps them in memory, except with
/// `--serve`, where they would pile up.
fn trace(
    serves: bool,
) -> Result<(SdkTracerProvider, Option<InMemorySpanExporter>), Box<dyn Error>> {
    let builder = SdkTracerProvider::builder();
    let (provider, in_memory) = match env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(_) => {
            let exporter = SpanExporter::builder().with_tonic().build()?;
            (builder.with_batch_exporter(exporter).build(), None)
        }
        None if serves => (builder.build(), None),
        None => {
            let exporter = InMemorySpanExporter::default();
            (builder.with_simple_exporter(exporter.clone()).build(), Some(exporter))
        }
    };
    global::set_tracer_provider(provider.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok((provider, in_memory))
}

fn print(spans: &[SpanData]) {
    println!("\nthe last spans:");
    for span in spans.iter().rev().take(6).rev() {
        let elapsed = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let (trace, kind) = (span.span_context.trace_id(), &span.span_kind);
        println!("{trace} {kind:?} {} {:?} {elapsed:.1?}", span.name, span.status);
    }
}

// ---- Putting it together -----------------------------------------------------------------------

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let serves = env::args().skip(1).any(|argument| argument == "--serve");
    tracing_subscriber::fmt().with_target(false).init();
    // Install the exporter before the first call: anything counted earlier is lost.
    let seconds = Matcher::Suffix("_handling_seconds".to_owned());
    let exporter = PrometheusBuilder::new().set_buckets_for_metric(seconds, &Metrics::BUCKETS)?;
    let counted = if serves {
        exporter.with_http_listener(METRICS).install()?;
        None
    } else {
        Some(exporter.install_recorder()?)
    };

    let (provider, spans) = trace(serves)?;

    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into())?;
    let address = incoming.local_addr()?;
    let rpcz = Rpcz::new();
    let server = tokio::spawn(serve(incoming, rpcz.clone()));
    call(Endpoint::from_shared(format!("http://{address}"))?.connect().await?).await?;

    match counted {
        Some(counted) => {
            println!("\nwhat Prometheus would scrape:");
            let text = counted.render();
            let handled =
                |line: &&str| line.starts_with("grpc_server_handled") && !line.ends_with(" 0");
            text.lines().filter(handled).for_each(|line| println!("{line}"));
            if let Some(spans) = spans {
                print(&spans.get_finished_spans()?);
            }
        }
        None => {
            println!("the metrics are at http://127.0.0.1:{}/metrics", METRICS.1);
            println!("the page is at http://127.0.0.1:{PAGE}/");
            tokio::spawn(rpcz.bind(PAGE).await?.serve());
            tokio::select! {
                stopped = server => stopped??,
                interrupted = tokio::signal::ctrl_c() => interrupted?,
            }
        }
    }
    // Flush the remaining spans.
    provider.shutdown()?;
    Ok(())
}
