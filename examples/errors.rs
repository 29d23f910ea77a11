//! Error handling: `?` in the handlers, and the right status for the caller.
//!
//! ```text
//! cargo run --example errors
//! ```
//!
//! It starts a server, calls it in every way that fails, prints the resulting statuses, and exits.

use std::{any::Any, collections::HashMap, error::Error as StdError, io, process::ExitCode};

use grpc_interceptor::{
    Context, Error, intercepted,
    interceptors::{CatchPanic, ErrorToStatus},
};
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest, greeter_client::GreeterClient},
};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{
    Code, Request, Response, Status,
    transport::{Endpoint, Server, server::TcpIncoming},
};

// ---- The data layer: it knows nothing about gRPC ---------------------------------------------------

#[derive(Debug, thiserror::Error)]
enum RepositoryError {
    #[error("no row in `people` with name = {name:?}")]
    NoRow { name: String },
    #[error("no connection to 10.0.0.7:5432")]
    Connection(#[source] io::Error),
    #[error("row {row} of `people` is corrupt")]
    Corrupt { row: u32 },
}

struct Repository {
    greetings: HashMap<&'static str, &'static str>,
}

impl Repository {
    fn greeting(&self, name: &str) -> Result<&'static str, RepositoryError> {
        match name {
            "Tom" => {
                let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
                Err(RepositoryError::Connection(refused))
            }
            "Bob" => Err(RepositoryError::Corrupt { row: 7 }),
            "Mallory" => panic!("nobody expects Mallory"),
            _ => {
                let greeting = self.greetings.get(name).copied();
                greeting.ok_or_else(|| RepositoryError::NoRow { name: name.to_owned() })
            }
        }
    }
}

// ---- A helper that returns an error with a code ----------------------------------------------------

/// The callers of this helper don't have to know the code.
fn check(name: &str) -> Result<(), Error> {
    match name {
        "" => Err(Error::invalid_argument("a name has at least one letter")),
        _ => Ok(()),
    }
}

// ---- The service: `?` and nothing else -------------------------------------------------------------

/// Either of the two errors, or any other.
type AnyError = Box<dyn StdError + Send + Sync>;

struct MyGreeter {
    repository: Repository,
}

impl MyGreeter {
    fn greet(&self, name: &str) -> Result<HelloReply, AnyError> {
        check(name)?;
        let greeting = self.repository.greeting(name)?;
        Ok(HelloReply { message: format!("{greeting}, {name}!") })
    }
}

#[intercepted(
    CatchPanic::new().on_panic(report),
    ErrorToStatus::new().map(repository_errors).on_unknown(Code::Internal),
)]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, AnyError> {
        Ok(Response::new(self.greet(&request.into_inner().name)?))
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Replies>, AnyError> {
        let reply = self.greet(&request.into_inner().name)?;
        let replies = [Ok(reply.clone()), Ok(reply), Err(RepositoryError::Corrupt { row: 8 })];
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }
}

type Replies = std::pin::Pin<Box<dyn Stream<Item = Result<HelloReply, RepositoryError>> + Send>>;

// ---- What the caller sees --------------------------------------------------------------------------

/// The only place where repository errors meet gRPC. It doesn't handle a corrupt row, so
/// `on_unknown` does.
fn repository_errors(error: &(dyn StdError + 'static), context: &Context) -> Option<Status> {
    match error.downcast_ref()? {
        RepositoryError::NoRow { name } => {
            Some(Error::not_found(format!("{name} is not known")).into())
        }
        RepositoryError::Connection(source) => {
            println!("  server  {}: {error}: {source}", context.method_name());
            Some(Error::unavailable("try again later").into())
        }
        RepositoryError::Corrupt { .. } => None,
    }
}

fn report(payload: &(dyn Any + Send), context: &Context) {
    let text = payload.downcast_ref::<&str>().unwrap_or(&"no text");
    println!("  server  {}: a panic: {text}", context.method_name());
}

// ---- A client --------------------------------------------------------------------------------------

#[tokio::main]
async fn main() -> ExitCode {
    // Silence Rust's own panic message on stderr: `report` is enough here.
    std::panic::set_hook(Box::new(|_| {}));
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("errors: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let repository = Repository { greetings: HashMap::from([("Ada", "Good morning")]) };
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder()
        .add_service(GreeterServer::new(MyGreeter { repository }))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), async { drop(stopped.await) });
    let server = tokio::spawn(server);

    let channel = Endpoint::try_from(format!("http://{address}"))?.connect().await?;
    let mut client = GreeterClient::new(channel);
    for name in ["Ada", "", "Eve", "Tom", "Bob", "Mallory", "Ada"] {
        println!("SayHello to {name:?}");
        print(
            client
                .say_hello(HelloRequest { name: name.to_owned() })
                .await
                .map(Response::into_inner),
        );
    }
    println!("GreetManyTimes to \"Ada\"");
    let many = GreetManyTimesRequest { name: "Ada".to_owned(), times: 3 };
    let mut replies = client.greet_many_times(many).await?.into_inner();
    while let Some(reply) = replies.next().await {
        print(reply);
    }

    // Drop the client, so that the server has no connections to wait for.
    drop((client, replies, stop));
    Ok(server.await??)
}

fn print(outcome: Result<HelloReply, Status>) {
    match outcome {
        Ok(reply) => println!("  client  {}", reply.message),
        Err(status) => println!("  client  {}", Error::from(status)),
    }
}
