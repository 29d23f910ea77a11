//! Our side of what `trace.py` checks: a server and a client with `Trace`, whose spans go to an
//! OTLP receiver. `trace.sh` runs all of it.
//!
//! ```text
//! python_trace_peer forward NEXT RECEIVER        serves until its standard input is closed, and
//!                                                forwards each call to the dummy service at NEXT
//! python_trace_peer call ADDRESS RECEIVER INPUT  calls each RPC of the dummy service at ADDRESS,
//!                                                and prints the codes as numbers
//! ```

use std::{
    env,
    error::Error as StdError,
    io::{self, Read as _},
    process::ExitCode,
    time::Duration,
};

use grpc_interceptor::{
    InterceptorLayer,
    interceptors::Trace,
    testing::{
        self, DummyRequest, DummyResponse,
        dummy_service_client::{DummyServiceClient, InterceptedDummyServiceClient},
        dummy_service_server::{self, DummyService, DummyServiceServer},
    },
};
use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    propagation::{BaggagePropagator, TraceContextPropagator},
    trace::SdkTracerProvider,
};
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request, Response, Status, Streaming,
    codegen::BoxStream,
    transport::{Channel, Endpoint, Server},
};

type Result<T = (), E = Box<dyn StdError + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["forward", next, receiver] => forward(next, receiver).await,
        ["call", address, receiver, input] => {
            let limit = Duration::from_secs(30);
            let called = tokio::time::timeout(limit, call(address, receiver, input)).await;
            called.unwrap_or_else(|_| Err("the calls take too long".into()))
        }
        _ => Err("usage: python_trace_peer forward NEXT RECEIVER | \
             python_trace_peer call ADDRESS RECEIVER INPUT"
            .into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("python_trace_peer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The provider that sends this process's spans, and an interceptor that creates them.
fn tracing(receiver: &str) -> Result<(SdkTracerProvider, Trace)> {
    let endpoint = format!("http://{receiver}");
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    // The Python package's default.
    let propagator = TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ]);
    let trace = Trace::new().tracer_provider(&provider).propagator(propagator);
    Ok((provider, trace))
}

/// Sends the remaining spans. Blocks until they are sent.
async fn send_the_rest(provider: SdkTracerProvider) -> Result {
    Ok(tokio::task::spawn_blocking(move || provider.shutdown()).await??)
}

async fn connect(address: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect().await?)
}

// ---- The server, for the Python package's client ------------------------------------------------

/// Forwards each call to the same RPC.
struct Forward {
    next: InterceptedDummyServiceClient<Channel, Trace>,
}

fn boxed(responses: Response<Streaming<DummyResponse>>) -> Response<BoxStream<DummyResponse>> {
    responses.map(|responses| Box::pin(responses) as BoxStream<DummyResponse>)
}

#[tonic::async_trait]
impl DummyService for Forward {
    async fn execute(
        &self,
        request: Request<DummyRequest>,
    ) -> Result<Response<DummyResponse>, Status> {
        self.next.clone().execute(request.into_inner()).await
    }

    async fn execute_client_stream(
        &self,
        request: Request<Streaming<DummyRequest>>,
    ) -> Result<Response<DummyResponse>, Status> {
        let requests = request.into_inner().map_while(Result::ok);
        self.next.clone().execute_client_stream(requests).await
    }

    type ExecuteServerStreamStream = BoxStream<DummyResponse>;

    async fn execute_server_stream(
        &self,
        request: Request<DummyRequest>,
    ) -> Result<Response<Self::ExecuteServerStreamStream>, Status> {
        self.next.clone().execute_server_stream(request.into_inner()).await.map(boxed)
    }

    type ExecuteClientServerStreamStream = BoxStream<DummyResponse>;

    async fn execute_client_server_stream(
        &self,
        request: Request<Streaming<DummyRequest>>,
    ) -> Result<Response<Self::ExecuteClientServerStreamStream>, Status> {
        let requests = request.into_inner().map_while(Result::ok);
        self.next.clone().execute_client_server_stream(requests).await.map(boxed)
    }
}

/// Prints two addresses: of a server that passes `Trace` to `with_interceptors`, and of one that
/// has it in a layer.
async fn forward(next: &str, receiver: &str) -> Result {
    let (provider, trace) = tracing(receiver)?;
    let channel = connect(next).await?;
    let service =
        || Forward { next: DummyServiceClient::with_interceptors(channel.clone(), trace.clone()) };
    let typed = DummyServiceServer::with_interceptors(service(), trace.clone());
    let layer = InterceptorLayer::new(trace.clone()).methods(dummy_service_server::METHODS);
    let layered = Server::builder().layer(layer).add_service(DummyServiceServer::new(service()));
    let servers = [
        testing::serve(typed).on_loopback().start().await?,
        testing::serve(layered).on_loopback().start().await?,
    ];
    for server in &servers {
        println!("{}", server.local_addr().ok_or("it is on loopback")?);
    }
    // Ends when the parent process ends, however that happens.
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    for server in servers {
        server.shutdown().await;
    }
    send_the_rest(provider).await
}

// ---- The client, for the Python package's server ------------------------------------------------

async fn call(address: &str, receiver: &str, input: &str) -> Result {
    let (provider, trace) = tracing(receiver)?;
    let channel = connect(address).await?;
    let mut client = DummyServiceClient::with_interceptors(channel, trace);
    let request = || DummyRequest { input: input.to_owned() };
    let requests = || tokio_stream::iter([request()]);
    let outcomes = [
        client.execute(request()).await.map(drop),
        client.execute_client_stream(requests()).await.map(drop),
        read(client.execute_server_stream(request()).await).await,
        read(client.execute_client_server_stream(requests()).await).await,
    ];
    for outcome in outcomes {
        let code = outcome.err().map_or(Code::Ok, |status| status.code());
        println!("{}", code as i32);
    }
    send_the_rest(provider).await
}

async fn read(outcome: Result<Response<Streaming<DummyResponse>>, Status>) -> Result<(), Status> {
    let mut responses = outcome?.into_inner();
    while responses.message().await?.is_some() {}
    Ok(())
}
