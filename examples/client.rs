//! A client whose calls go through a chain of interceptors: a log, a cache, retries with backoff, a
//! refreshed token, metadata.
//!
//! ```text
//! cargo run --example client                                 starts its own server and calls it
//! cargo run --example client -- --address 127.0.0.1:50051    calls `greeter -- --serve 127.0.0.1:50051`
//! ```

use std::{
    collections::HashMap,
    env,
    error::Error,
    net::SocketAddr,
    pin::Pin,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted, interceptor};
// The code that tonic-prost-build generates from greeter.proto. A line in proto/build.rs puts
// `#[intercepted]` on the client.
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::{
        GreetManyTimesRequest, HelloReply, HelloRequest,
        greeter_client::{GreeterClient, InterceptedGreeterClient},
    },
};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{
    Code, Request, Response, Status, Streaming,
    metadata::AsciiMetadataValue,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

const FRESH_TOKEN: &str = "open-sesame";

// ---- The interceptors ----------------------------------------------------------------------------

/// For any RPC: logs how each call ended. A call with a response stream ends with that stream.
/// `#[interceptor]` turns the fn into a value, so that it can be part of a tuple.
#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let name = context.method_name();
    println!("  client  {name} ({:?})", context.kind());
    next.on_call_end(move |end| println!("  client  {name}: {:?}", end.code())).run(request).await
}

/// For unary RPCs from `HelloRequest` to `HelloReply`: answers repeated requests from a cache.
#[derive(Default)]
struct Cache {
    replies: Mutex<HashMap<String, HelloReply>>,
}

impl<N> Interceptor<N> for Cache
where
    N: Next<Request = HelloRequest, Response = HelloReply>,
{
    async fn intercept(
        &self,
        request: Request<HelloRequest>,
        _: Context,
        next: N,
    ) -> Result<Response<HelloReply>, Status> {
        let replies = || self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let name = request.get_ref().name.clone();
        let cached = replies().get(&name).cloned();
        if let Some(reply) = cached {
            println!("  client  {name:?} is in the cache");
            // Without a call to `next`, nothing is sent.
            return Ok(Response::new(reply));
        }
        let response = next.run(request).await?;
        replies().insert(name, response.get_ref().clone());
        Ok(response)
    }
}

/// For any RPC: retries with backoff when the server is unavailable. All attempts and the pauses
/// between them share the call's deadline. A stream can't be sent twice, so it gets only one
/// attempt.
struct Retry {
    attempts: u32,
    backoff: Duration,
}

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let mut backoff = self.backoff;
        for attempt in 1..self.attempts {
            let Some(again) = next.clone_request(&request) else { break };
            match next.run(request).await {
                Err(status) if status.code() == Code::Unavailable => {
                    println!("  client  attempt {attempt}: Unavailable; retrying in {backoff:?}");
                    tokio::time::sleep(backoff).await;
                    backoff *= 2;
                }
                outcome => return outcome,
            }
            request = again;
        }
        next.run(request).await
    }
}

/// For any RPC: if the token isn't accepted, gets a new one and tries once more, provided that the
/// request can be sent again.
struct Refresh {
    token: Arc<Token>,
}

impl<N: Next> Interceptor<N> for Refresh {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let again = next.clone_request(&request);
        match (next.run(request).await, again) {
            (Err(status), again) if status.code() == Code::Unauthenticated => {
                self.token.refresh().await?;
                match again {
                    Some(again) => next.run(again).await,
                    None => Err(status),
                }
            }
            (outcome, _) => outcome,
        }
    }
}

/// For any RPC: adds the token to the call.
struct Bearer {
    token: Arc<Token>,
}

impl<N: Next> Interceptor<N> for Bearer {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.metadata_mut().insert("authorization", self.token.bearer()?);
        next.run(request).await
    }
}

/// The token, shared by all clients of the program.
struct Token(Mutex<String>);

impl Token {
    fn bearer(&self) -> Result<AsciiMetadataValue, Status> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bearer = format!("Bearer {token}").parse();
        bearer.map_err(|_| Status::internal("the token can't be put into metadata"))
    }

    async fn refresh(&self) -> Result<(), Status> {
        let fresh = fetch_token().await?;
        println!("  client  got a new token");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Stands in for a call to a token service.
async fn fetch_token() -> Result<String, Status> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(FRESH_TOKEN.to_owned())
}

// ---- The clients ---------------------------------------------------------------------------------

/// The type of an intercepted client can be named, so you can store it in a field.
struct Clients {
    /// For SayHello only: `Cache` doesn't support the other RPCs.
    hello: InterceptedGreeterClient<Channel, (log, Cache, Retry, Refresh, Bearer)>,
    /// For all RPCs.
    any: InterceptedGreeterClient<Channel, (log, Retry, Refresh, Bearer)>,
}

impl Clients {
    fn new(channel: Channel, token: Arc<Token>) -> Self {
        let retry = || Retry { attempts: 4, backoff: Duration::from_millis(20) };
        let refresh = || Refresh { token: token.clone() };
        let bearer = || Bearer { token: token.clone() };
        Clients {
            // The first one is the outermost. Each attempt of `Retry` goes through `Refresh` and
            // `Bearer` again, so it uses the new token.
            hello: GreeterClient::with_interceptors(
                channel.clone(),
                (log, Cache::default(), retry(), refresh(), bearer()),
            ),
            any: GreeterClient::with_interceptors(channel, (log, retry(), refresh(), bearer())),
        }
    }
}

/// Calls the server and prints the responses.
async fn call(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    // Connects on the first call. A server that isn't up yet results in `Unavailable`.
    let channel = Endpoint::try_from(format!("http://{address}"))?.connect_lazy();
    let token = Arc::new(Token(Mutex::new("expired".to_owned())));
    let mut clients = Clients::new(channel, token);
    let hello = |name: &str| HelloRequest { name: name.to_owned() };

    println!("SayHello, with an expired token");
    print(clients.hello.say_hello(hello("Ada")).await?.into_inner());

    println!("SayHello, once more");
    print(clients.hello.say_hello(hello("Ada")).await?.into_inner());

    println!("GreetManyTimes");
    let many = GreetManyTimesRequest { name: "Grace".to_owned(), times: 2 };
    print_all(clients.any.greet_many_times(many).await?.into_inner()).await?;

    println!("Chat");
    let guests = tokio_stream::iter([hello("Ada"), hello("Grace")]);
    print_all(clients.any.chat(guests).await?.into_inner()).await?;
    Ok(())
}

fn print(reply: HelloReply) {
    println!("  client  {}", reply.message);
}

async fn print_all(mut replies: Streaming<HelloReply>) -> Result<(), Status> {
    while let Some(reply) = replies.message().await? {
        print(reply);
    }
    Ok(())
}

// ---- A server to call ----------------------------------------------------------------------------

/// Is unavailable for the first two calls, and then accepts only the fresh token.
#[derive(Default)]
struct Doorman {
    calls: AtomicU32,
}

impl<N: Next> Interceptor<N> for Doorman {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let sent = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let token = sent.and_then(|value| value.strip_prefix("Bearer "));
        let outcome = match token {
            _ if call <= 2 => Err(Status::unavailable("the server is starting")),
            Some(FRESH_TOKEN) => next.run(request).await,
            _ => Err(Status::unauthenticated("the token is missing or wrong")),
        };
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        println!("  server  call {call}: {code:?}");
        outcome
    }
}

#[derive(Default)]
struct MyGreeter {
    doorman: Doorman,
}

type Replies = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;

#[intercepted(self.doorman)]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(greet(&request.into_inner().name)))
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Replies>, Status> {
        let GreetManyTimesRequest { name, times } = request.into_inner();
        let replies = (0..times).map(move |_| Ok(greet(&name)));
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Replies>, Status> {
        let replies = request.into_inner().map(|request| Ok(greet(&request?.name)));
        Ok(Response::new(Box::pin(replies)))
    }
}

fn greet(name: &str) -> HelloReply {
    HelloReply { message: format!("Hello, {name}!") }
}

/// Calls a server that runs in this process, then stops it.
async fn call_own_server() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder()
        .add_service(GreeterServer::new(MyGreeter::default()))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), async { drop(stopped.await) });
    let server = tokio::spawn(server);
    call(address).await?;
    drop(stop);
    Ok(server.await??)
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => call_own_server().await,
        [flag, address] if flag == "--address" => match address.parse() {
            Ok(address) => call(address).await,
            Err(error) => Err(format!("{address}: {error}").into()),
        },
        _ => {
            eprintln!("usage: client [--address ADDR]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}
