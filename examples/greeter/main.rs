//! A service with all four kinds of RPC and a chain of interceptors.
//!
//! ```text
//! cargo run --example greeter                                a client calls every RPC, then it exits
//! cargo run --example greeter -- --serve 127.0.0.1:50051     serves until Ctrl-C
//! ```
//!
//! While the second command is running, you can call it with grpcurl, for example:
//!
//! ```text
//! grpcurl -plaintext -import-path proto/proto -proto greeter.proto \
//!     -H 'authorization: Bearer open-sesame' -d '{"name": "Ada"}' \
//!     127.0.0.1:50051 greeter.v1.Greeter/SayHello
//! ```

/// An interceptor in a separate file.
mod access_log;

use std::{
    env,
    error::Error,
    fmt,
    future::{Future, pending},
    net::SocketAddr,
    pin::Pin,
    process::ExitCode,
};

use access_log::access_log;
use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload, intercepted};
// The code that tonic-prost-build generates from greeter.proto.
use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest,
    greeter_client::GreeterClient,
    greeter_server::{Greeter, GreeterServer},
};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Endpoint, Server, server::TcpIncoming},
};

const TOKEN: &str = "open-sesame";

// ---- The interceptors: these, and the access log in access_log.rs ---------------------------------

/// Refuses calls without the token.
struct Auth {
    token: String,
}

impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let sent = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        match sent.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(token) if token == self.token => next.run(request).await,
            // Without a call to `next`, the call ends here.
            _ => Err(Status::unauthenticated("the token is missing or wrong")),
        }
    }
}

/// Maps a domain error to the code that clients expect.
async fn error_codes<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    fn with_code(status: Status) -> Status {
        match status.source().and_then(|source| source.downcast_ref()) {
            Some(error @ GreetError::NoName) => Status::invalid_argument(error.to_string()),
            Some(error @ GreetError::NotInvited(_)) => Status::not_found(error.to_string()),
            None => status,
        }
    }
    let response = next.run(request).await.map_err(with_code)?;
    // A response stream can fail later.
    Ok(response.map(|payload| payload.map_errors(with_code)))
}

/// Changes the message. The bound on `N` limits it to RPCs that take a single `HelloRequest`.
async fn shout<N>(mut request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = HelloRequest>,
{
    request.get_mut().name.make_ascii_uppercase();
    next.run(request).await
}

/// Logs each message as it passes. Messages of a stream aren't buffered.
async fn log_messages<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage: fmt::Debug, ResponseMessage: fmt::Debug>,
{
    let request = request.map(|payload| {
        payload
            .inspect_messages(|message| println!("  server    in:  {message:?}"))
            .on_end(|end| println!("  server    in:  end, {end:?}"))
    });
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.inspect_messages(|message| println!("  server    out: {message:?}"))
    }))
}

// ---- The service ---------------------------------------------------------------------------------

struct MyGreeter {
    auth: Auth,
}

type Replies = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;

// The first one is the outermost: it sees the request first and the outcome last.
#[intercepted(access_log, self.auth, error_codes)]
impl Greeter for MyGreeter {
    #[rpc(with(shout))]
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let message = greet(&request.into_inner().name)?;
        Ok(Response::new(HelloReply { message }))
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        let mut greetings = Vec::new();
        while let Some(request) = requests.message().await? {
            greetings.push(greet(&request.name)?);
        }
        Ok(Response::new(HelloReply { message: greetings.join(" ") }))
    }

    type GreetManyTimesStream = Replies;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let GreetManyTimesRequest { name, times } = request.into_inner();
        let greeting = greet(&name)?;
        let replies =
            (1..=times).map(move |n| Ok(HelloReply { message: format!("{greeting} ({n})") }));
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    type ChatStream = Replies;

    #[rpc(with(log_messages))]
    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let replies = request.into_inner().map(|request| {
            let message = greet(&request?.name)?;
            Ok(HelloReply { message })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

/// The business logic. It knows nothing about gRPC.
fn greet(name: &str) -> Result<String, GreetError> {
    match name.to_lowercase().as_str() {
        "" => Err(GreetError::NoName),
        "ada" | "grace" => Ok(format!("Hello, {name}!")),
        _ => Err(GreetError::NotInvited(name.to_owned())),
    }
}

#[derive(Debug)]
enum GreetError {
    NoName,
    NotInvited(String),
}

impl fmt::Display for GreetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GreetError::NoName => formatter.write_str("there is no one to greet"),
            GreetError::NotInvited(name) => write!(formatter, "{name} is not invited"),
        }
    }
}

impl Error for GreetError {}

/// Keeps the error as the status's source, where `error_codes` finds it.
impl From<GreetError> for Status {
    fn from(error: GreetError) -> Self {
        Status::from_error(Box::new(error))
    }
}

async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let greeter = MyGreeter { auth: Auth { token: TOKEN.to_owned() } };
    Server::builder()
        .add_service(GreeterServer::new(greeter))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), stop)
        .await
}

// ---- A client, and the command line --------------------------------------------------------------

/// Calls each RPC and prints the responses.
async fn call(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let channel = Endpoint::try_from(format!("http://{address}"))?.connect().await?;
    let bearer = format!("Bearer {TOKEN}").parse::<tonic::metadata::AsciiMetadataValue>()?;
    let mut stranger = GreeterClient::new(channel.clone());
    let mut client = GreeterClient::with_interceptor(channel, move |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", bearer.clone());
        Ok(request)
    });
    let hello = |name: &str| HelloRequest { name: name.to_owned() };

    println!("SayHello, without the token");
    print(stranger.say_hello(hello("Ada")).await);

    println!("SayHello");
    print(client.say_hello(hello("Ada")).await);

    println!("SayHello, to someone who is not invited");
    print(client.say_hello(hello("Eve")).await);

    println!("GreetEverybody");
    let everybody = tokio_stream::iter([hello("Ada"), hello("Grace")]);
    print(client.greet_everybody(everybody).await);

    println!("GreetManyTimes");
    let many = GreetManyTimesRequest { name: "Grace".to_owned(), times: 2 };
    print_all(client.greet_many_times(many).await?.into_inner()).await;

    println!("Chat, with someone who is not invited");
    let guests = tokio_stream::iter([hello("Ada"), hello("Eve"), hello("Grace")]);
    print_all(client.chat(guests).await?.into_inner()).await;

    println!("GreetManyTimes, which the client cancels after one response");
    let endless = GreetManyTimesRequest { name: "Grace".to_owned(), times: u32::MAX };
    print_all(client.greet_many_times(endless).await?.into_inner().take(1)).await;
    Ok(())
}

fn print(outcome: Result<Response<HelloReply>, Status>) {
    match outcome {
        Ok(reply) => println!("  client  {}", reply.into_inner().message),
        Err(status) => println!("  client  {:?}: {}", status.code(), status.message()),
    }
}

async fn print_all(mut replies: impl Stream<Item = Result<HelloReply, Status>> + Unpin) {
    while let Some(reply) = replies.next().await {
        print(reply.map(Response::new));
    }
}

async fn call_every_rpc() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, async { drop(stopped.await) }));
    call(address).await?;
    // The client is gone. The server finishes its last call and stops.
    drop(stop);
    Ok(server.await??)
}

async fn serve_at(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await?;
    println!("serving greeter.v1.Greeter at {}, token \"{TOKEN}\"", listener.local_addr()?);
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Signals aren't available: serve until killed.
            pending().await
        }
    };
    Ok(serve(listener, ctrl_c).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => call_every_rpc().await,
        [flag, address] if flag == "--serve" => serve_at(address).await,
        _ => {
            eprintln!("usage: greeter [--serve ADDR]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("greeter: {error}");
            ExitCode::FAILURE
        }
    }
}
