//! Our side of the comparison in `check.py`: the testing kit's dummy service and its client, which
//! talk to those of the Python package. `run.sh` runs all of it.
//!
//! ```text
//! python_peer serve                  serves until its standard input is closed
//! python_peer call ADDRESS UNKNOWN   calls the Python package's dummy service, which returns
//!                                    this code for unknown errors
//! ```

use std::{
    env,
    error::Error as StdError,
    io::{self, Read as _},
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use grpc_interceptor::{
    Context, Error, Interceptor, InterceptorLayer, Next, Outcome, Payload as _, StreamEnd,
    interceptor,
    interceptors::{CatchPanic, ErrorToStatus},
    testing::{
        self, DummyClient, DummyRequest, DummyResponse, DummyService, RecordedOutcome, Recorder,
        RunningServer, dummy_service_server::DummyServiceServer,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code, Request, Status, Streaming,
    metadata::{AsciiMetadataValue, BinaryMetadataValue, KeyAndValueRef, MetadataMap},
    transport::Server,
};

type Result<T = (), E = Box<dyn StdError + Send + Sync>> = std::result::Result<T, E>;

// The same as in check.py.

/// Characters of one to four bytes, a combining one, and some that need escaping.
const UNICODE: &str = "grüße 東京 😀 e\u{301} 100 % \"\\\t\r\n";
/// The metadata that both sides send, as formatted by [`text_of`].
const METADATA: &str = "test-ascii=some text|test-bytes-bin=00ff80|test-twice=one|test-twice=two";
/// What the Python package's server sends after its response.
const TRAILING: &str = "test-zz-trailing=the end";
const PATHS: [&str; 4] = [
    "/DummyService/Execute",
    "/DummyService/ExecuteClientStream",
    "/DummyService/ExecuteServerStream",
    "/DummyService/ExecuteClientServerStream",
];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["serve"] => serve().await,
        ["call", address, unknown] => {
            let limit = Duration::from_secs(30);
            let called = tokio::time::timeout(limit, call(address, unknown)).await;
            called.unwrap_or_else(|_| Err("the calls take too long".into()))
        }
        _ => Err("usage: python_peer serve | python_peer call ADDRESS UNKNOWN".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("python_peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn all_codes() -> impl Iterator<Item = Code> {
    (1..17).map(Code::from)
}

/// As in `NOT_FOUND`, which is also Python's name for it.
fn name_of(code: Code) -> String {
    Error::new(code).status_string().to_owned()
}

fn test_metadata() -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert("test-ascii", AsciiMetadataValue::from_static("some text"));
    metadata.append("test-twice", AsciiMetadataValue::from_static("one"));
    metadata.append("test-twice", AsciiMetadataValue::from_static("two"));
    metadata.insert_bin("test-bytes-bin", BinaryMetadataValue::from_bytes(b"\x00\xff\x80"));
    metadata
}

/// The test's own metadata, in an order that doesn't depend on the sender.
fn text_of(metadata: &MetadataMap) -> String {
    let entries = metadata.iter().map(|entry| match entry {
        KeyAndValueRef::Ascii(key, value) => {
            format!("{key}={}", value.to_str().unwrap_or("no ASCII"))
        }
        KeyAndValueRef::Binary(key, value) => {
            let bytes = value.to_bytes().unwrap_or_default();
            format!("{key}={}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
    });
    let mut entries: Vec<_> = entries.filter(|entry| entry.starts_with("test-")).collect();
    entries.sort();
    entries.join("|")
}

// ---- The server, for the Python package's client ------------------------------------------------

/// Adds what the interceptor knows about the call to each response, next to the test's metadata.
#[interceptor]
async fn stamp<N: Next>(mut request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    request.extensions_mut().insert(context);
    let mut response = next.run(request).await?;
    let mut metadata = test_metadata().into_headers();
    let path = context.method_name().path();
    metadata.insert("method-name", path.parse().expect("a path is ASCII"));
    response.metadata_mut().as_mut().extend(metadata);
    Ok(response)
}

/// The dummy service, with the special cases that the Python package's client uses.
fn service(recorder: &Recorder) -> DummyService {
    let flaky = AtomicUsize::new(0);
    let service = all_codes().fold(DummyService::new(), |service, code| {
        let name = name_of(code);
        service.special_case(&name, move |_| {
            Err(Status::new(code, format!("{}: {UNICODE}", name_of(code))))
        })
    });
    service
        .special_case("default details", |_| Err(Error::new(Code::NotFound)))
        .special_case("metadata", |request| text_of(request.metadata()))
        .special_case("has a deadline", |request| {
            let context = request.extensions().get::<Context>();
            let remaining = context.and_then(Context::time_remaining);
            (remaining.is_some_and(|remaining| remaining.as_secs() < 100)).to_string()
        })
        .special_case("unknown", |_| "oops".parse::<u32>().map(|number| number.to_string()))
        // Without a message on standard error, which would look like a mistake.
        .special_case("panic", |_| -> String { std::panic::resume_unwind(Box::new("panic")) })
        .special_case("error with metadata", |_| {
            Err(Error::aborted("see the metadata").with_metadata(test_metadata()))
        })
        .special_case("error with details", |_| {
            Err(Status::with_details(Code::Aborted, "see the details", b"\x00\xff\x80"[..].into()))
        })
        // Every other time.
        .special_case("flaky", move |_| match flaky.fetch_add(1, Ordering::SeqCst) % 2 {
            0 => Err(Error::unavailable("try again")),
            _ => Ok("OK".to_owned()),
        })
        .special_case_async("forever", |_| std::future::pending::<String>())
        // As in "1 timed out, 1 cancelled".
        .special_case("how many were given up", {
            let recorder = recorder.clone();
            move |_| {
                let calls = recorder.calls();
                let count = |outcome| {
                    calls.iter().filter(|call| call.outcome.as_ref() == Some(&outcome)).count()
                };
                let timed_out = count(RecordedOutcome::TimedOut);
                format!("{timed_out} timed out, {} cancelled", count(RecordedOutcome::Cancelled))
            }
        })
}

/// Where the interceptors are.
#[derive(Clone, Copy)]
enum Place {
    Creation,
    Layer,
}

async fn start(place: Place, unknown: Code) -> io::Result<RunningServer> {
    let recorder = Recorder::new();
    let service = service(&recorder);
    let errors = ErrorToStatus::new().on_unknown(unknown);
    match place {
        Place::Creation => {
            let interceptors = (recorder, stamp, CatchPanic::new(), errors);
            let server = DummyServiceServer::with_interceptors(service, interceptors);
            testing::serve(server).on_loopback().start().await
        }
        Place::Layer => {
            // By the time a stream's error reaches a layer, it is only a code and a text.
            let server = DummyServiceServer::with_interceptors(service, errors);
            let layer = InterceptorLayer::new((recorder, stamp, CatchPanic::new()));
            let router = Server::builder().layer(layer).add_service(server);
            testing::serve(router).on_loopback().start().await
        }
    }
}

/// Prints the addresses: first of the server that hides unknown errors, then of the one that turns
/// them into `INTERNAL`; then the same again with the interceptors in a layer.
async fn serve() -> Result {
    let mut servers = Vec::new();
    for place in [Place::Creation, Place::Layer] {
        for unknown in [Code::Unknown, Code::Internal] {
            servers.push(start(place, unknown).await?);
        }
    }
    for server in &servers {
        println!("{}", server.local_addr().ok_or("it is on loopback")?);
    }
    // Ends when the parent process ends, however that happens.
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    for server in servers {
        server.shutdown().await;
    }
    Ok(())
}

// ---- The client, for the Python package's server ------------------------------------------------

/// Adds the test's metadata to each call.
#[interceptor]
async fn send_metadata<N: Next>(
    mut request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    request.metadata_mut().as_mut().extend(test_metadata().into_headers());
    next.run(request).await
}

/// The trailing metadata of the response streams that have ended.
#[derive(Clone, Default)]
struct Trailers(Arc<Mutex<Vec<String>>>);

impl<N: Next> Interceptor<N> for Trailers {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        let seen = self.clone();
        Ok(response.map(|payload| {
            payload.on_end(move |end| {
                if let StreamEnd::Complete { trailers: Some(trailers) } = end {
                    seen.0.lock().expect("it isn't poisoned").push(text_of(trailers));
                }
            })
        }))
    }
}

/// Retries once.
#[interceptor]
async fn retry<N: Next<Request: Clone>>(
    request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let message = request.into_inner();
    match next.run(Request::new(message.clone())).await {
        Err(_) => next.run(Request::new(message)).await,
        outcome => outcome,
    }
}

type Client = DummyClient<(Recorder, send_metadata, Trailers)>;

/// The status of each RPC that gets this input as its only message.
async fn statuses(client: &mut Client, input: &str) -> [Status; 4] {
    [
        client.execute(input).await.expect_err(input),
        client.execute_client_stream([input]).await.expect_err(input),
        client.execute_server_stream(input).await.expect_err(input),
        client.execute_client_server_stream([input]).await.expect_err(input),
    ]
}

fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

fn requests<const COUNT: usize>(
    inputs: [&str; COUNT],
) -> impl tokio_stream::Stream<Item = DummyRequest> + Send + use<COUNT> {
    tokio_stream::iter(inputs.map(request))
}

/// The messages before the end, and the end.
async fn read(stream: &mut Streaming<DummyResponse>) -> (Vec<String>, Result<(), Status>) {
    let mut outputs = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(DummyResponse { output })) => outputs.push(output),
            Ok(None) => return (outputs, Ok(())),
            Err(status) => return (outputs, Err(status)),
        }
    }
}

async fn call(address: &str, unknown: &str) -> Result {
    let recorder = Recorder::new();
    let trailers = Trailers::default();
    let dummy =
        testing::dummy().client_interceptors((recorder.clone(), send_metadata, trailers.clone()));
    let mut client = dummy.connect_to(format!("http://{address}")).await?;

    echoes(&mut client).await?;
    metadata(&mut client, &trailers).await?;
    errors(&mut client, unknown).await;
    ping_pong(&mut client, &recorder).await?;

    let retrying = testing::dummy().client_interceptors(retry);
    let mut retrying = retrying.connect_to(format!("http://{address}")).await?;
    for _ in 0..2 {
        assert_eq!(retrying.execute("flaky").await?, "OK");
    }
    println!("    an interceptor that tries again");

    for path in PATHS {
        assert!(recorder.calls().iter().any(|call| call.method_name.path() == path), "{path}");
    }
    assert!(recorder.calls().iter().all(|call| call.outcome.is_some()));
    retrying.shutdown().await;
    client.shutdown().await;
    Ok(())
}

async fn echoes(client: &mut Client) -> Result {
    let large = "x".repeat(1_000_000);
    for input in ["foo", "", UNICODE, &large] {
        assert_eq!(client.execute(input).await?, input);
        let output = client.execute_client_stream([input, "", "bar"]).await?;
        assert_eq!(output, format!("{input}bar"));
        assert_eq!(client.execute_client_server_stream([input, "bar"]).await?, [input, "bar"]);
    }
    for input in ["foo", "", UNICODE] {
        let characters: Vec<_> = input.chars().map(String::from).collect();
        assert_eq!(client.execute_server_stream(input).await?, characters);
    }
    let nothing: [&str; 0] = [];
    assert_eq!(client.execute_client_stream(nothing).await?, "");
    assert_eq!(client.execute_client_server_stream(nothing).await?, nothing);
    println!("    four RPCs echo: text, nothing, Unicode, a megabyte");
    Ok(())
}

async fn metadata(client: &mut Client, trailers: &Trailers) -> Result {
    assert_eq!(client.execute("metadata").await?, METADATA);
    assert_eq!(client.execute_client_stream(["metadata"]).await?, METADATA);
    assert_eq!(client.execute_server_stream("metadata").await?.concat(), METADATA);
    assert_eq!(client.execute_client_server_stream(["metadata"]).await?, [METADATA]);
    println!("    request metadata, by an interceptor");

    // The Python service sends it both before and after the response. For a single message, tonic
    // has one place for both.
    let both = format!("{METADATA}|{TRAILING}");
    let input = "send metadata";
    let client = client.get_mut();
    let response = client.execute(request(input)).await?;
    assert_eq!(text_of(response.metadata()), both);
    let response = client.execute_client_stream(requests([input])).await?;
    assert_eq!(text_of(response.metadata()), both);
    let server_stream = client.execute_server_stream(request(input)).await?;
    let both_stream = client.execute_client_server_stream(requests([input])).await?;
    for response in [server_stream, both_stream] {
        assert_eq!(text_of(response.metadata()), METADATA);
        let mut stream = response.into_inner();
        let (outputs, end) = read(&mut stream).await;
        end?;
        assert_eq!(outputs.concat(), "sent");
        let trailers = stream.trailers().await?.ok_or("there are trailers")?;
        assert_eq!(text_of(&trailers), TRAILING);
    }
    let seen = trailers.0.lock().expect("it isn't poisoned").clone();
    let last_two = &seen[seen.len().saturating_sub(2)..];
    assert_eq!(last_two, [TRAILING; 2]);
    println!("    response metadata, initial and trailing, which an interceptor sees");

    for (timeout, expected) in [(Some(Duration::from_secs(50)), "true"), (None, "false")] {
        let mut request = Request::new(request("has a deadline"));
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        assert_eq!(client.execute(request).await?.into_inner().output, expected);
    }
    println!("    a deadline");
    Ok(())
}

async fn errors(client: &mut Client, unknown: &str) {
    for code in all_codes() {
        let name = name_of(code);
        for status in statuses(client, &name).await {
            assert_eq!(status.code(), code);
            assert_eq!(status.message(), format!("{name}: {UNICODE}"));
        }
    }
    println!("    sixteen codes, with details, from four RPCs");

    for status in statuses(client, "abort").await {
        let text = (status.code(), status.message());
        assert_eq!(text, (Code::ResourceExhausted, "resource exhausted"));
    }
    for status in statuses(client, "unknown").await {
        assert_eq!(name_of(status.code()), unknown);
        assert!(status.message().contains("oops"), "{status:?}");
    }
    println!("    an aborted context; an unknown exception, which is {unknown}");

    for status in statuses(client, "error with metadata").await {
        assert_eq!((status.code(), status.message()), (Code::Aborted, "see the metadata"));
        assert_eq!(text_of(status.metadata()), METADATA);
    }
    for status in statuses(client, "error with details").await {
        assert_eq!((status.code(), status.message()), (Code::Aborted, "see the details"));
        assert_eq!(status.details(), b"\x00\xff\x80");
    }
    println!("    errors with metadata and with binary details");
}

/// Sends each request after the previous one was answered; the last one fails.
async fn ping_pong(client: &mut Client, recorder: &Recorder) -> Result {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = UnboundedReceiverStream::new(receiver);
    // Some servers send nothing before their first response, so the test can't wait for the headers
    // alone.
    sender.send(request("one"))?;
    let mut stream = client.get_mut().execute_client_server_stream(receiver).await?.into_inner();
    for (answered, next) in [("one", "two"), ("two", "three"), ("three", "NOT_FOUND")] {
        let response = stream.message().await?.ok_or("it isn't at its end")?;
        assert_eq!(response.output, answered);
        sender.send(request(next))?;
    }
    let (outputs, end) = read(&mut stream).await;
    assert_eq!(outputs, [""; 0]);
    let status = end.expect_err("it fails");
    assert_eq!(status.code(), Code::NotFound);

    let call = recorder.calls().pop().ok_or("it was recorded")?;
    assert_eq!((call.requests.len(), call.responses.len()), (4, 3));
    let message = status.message().to_owned();
    assert_eq!(call.outcome, Some(RecordedOutcome::Failed { code: Code::NotFound, message }));
    println!("    one message at a time, and an error in the middle of a stream");
    Ok(())
}
