//! A client whose calls go through a chain of interceptors: a log, a cache, retries with backoff, a
//! token that is refreshed, metadata.
//!
//! ```text
//! cargo run --example client                                 starts a server of its own, and calls it
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
// What tonic-prost-build makes of greeter.proto, with the line in proto/build.rs that puts
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

/// Any RPC: says what each call came to, when it has ended; of a stream of responses, when that has.
/// `#[interceptor]` makes it a value, for a tuple.
#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let name = context.method_name();
    println!("  client  {name} ({:?})", context.kind());
    next.on_call_end(move |end| println!("  client  {name}: {:?}", end.code())).run(request).await
}

/// Unary RPCs from `HelloRequest` to `HelloReply`: what was answered once isn't asked again.
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
            // Without `next`, nothing is sent.
            return Ok(Response::new(reply));
        }
        let response = next.run(request).await?;
        replies().insert(name, response.get_ref().clone());
        Ok(response)
    }
}

/// Any RPC: tries again if the server is unavailable, and waits longer each time. All attempts and the
/// waits between have the deadline of the call. A stream can't be sent twice: it has one attempt.
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
                    println!("  client  attempt {attempt}: Unavailable; the next in {backoff:?}");
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

/// Any RPC: if the token isn't accepted, gets a new one, and tries once more if the request can be sent
/// again.
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

/// Any RPC: puts the token on the call.
struct Bearer {
    token: Arc<Token>,
}

impl<N: Next> Interceptor<N> for Bearer {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.metadata_mut().insert("authorization", self.token.bearer()?);
        next.run(request).await
    }
}

/// The token that all clients of the program share.
struct Token(Mutex<String>);

impl Token {
    fn bearer(&self) -> Result<AsciiMetadataValue, Status> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bearer = format!("Bearer {token}").parse();
        bearer.map_err(|_| Status::internal("the token can't be put into metadata"))
    }

    async fn refresh(&self) -> Result<(), Status> {
        let fresh = fetch_token().await?;
        println!("  client  has a new token");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Stands for a call to the service that gives out tokens.
async fn fetch_token() -> Result<String, Status> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(FRESH_TOKEN.to_owned())
}

// ---- The clients ---------------------------------------------------------------------------------

/// The type of an intercepted client can be named, so it can be in a field.
struct Clients {
    /// For SayHello: `Cache` is for that one alone.
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
            // The first is the outermost: each attempt of `Retry` goes through `Refresh` and
            // `Bearer` again, which has the new token then.
            hello: GreeterClient::with_interceptors(
                channel.clone(),
                (log, Cache::default(), retry(), refresh(), bearer()),
            ),
            any: GreeterClient::with_interceptors(channel, (log, retry(), refresh(), bearer())),
        }
    }
}

/// Calls the server and prints what comes back.
async fn call(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    // It connects at the first call, and a server that isn't there yet is `Unavailable`.
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

/// Isn't available for the first two calls, and then accepts the fresh token only.
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

/// Calls a server that runs in this process, and stops it.
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
