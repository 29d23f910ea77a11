//! What tests of interceptors and of services need, with the feature `testing`: a dummy service with
//! a real client and a real server, your own server in memory, an interceptor that writes down what
//! it sees, and a clock that stands still.
//!
//! ```toml
//! [dev-dependencies]
//! grpc-interceptor = { version = "0.1", features = ["testing"] }
//! ```
//!
//! ```
//! # use grpc_interceptor::{Context, Error, Next, Outcome, interceptor};
//! # use grpc_interceptor::{interceptors::ErrorToStatus, testing};
//! # use tonic::Request;
//! # #[interceptor]
//! # async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
//! #     next.run(request).await
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = testing::dummy()
//!     .server_interceptors((log, ErrorToStatus::new()))
//!     .special_case("error", |_| Err(Error::not_found("gone")))
//!     .start()
//!     .await?;
//! assert_eq!(client.execute("foo").await?, "foo");
//! # Ok(())
//! # }
//! ```
//!
//! # The dummy service
//!
//! It echoes, in one RPC of each kind; what it does with some inputs is up to the test. It runs over
//! HTTP/2, in memory unless [told otherwise](Dummy::on_loopback), and ends when the client is
//! dropped.
//!
//! # A complete test
//!
//! ```
//! use grpc_interceptor::{Context, Interceptor, Next, Outcome};
//! use std::time::Duration;
//! use tonic::{Code, Request, Status};
//!
//! /// Gives up calls that take too long.
//! struct Timeout(Duration);
//!
//! impl<N: Next> Interceptor<N> for Timeout {
//!     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
//!         let outcome = tokio::time::timeout(self.0, next.run(request)).await;
//!         outcome.unwrap_or_else(|_| Err(Status::deadline_exceeded("it takes too long")))
//!     }
//! }
//!
//! # mod tests {
//! # use super::Timeout;
//! # use std::time::Duration;
//! # use tonic::Code;
//! use grpc_interceptor::testing::{self, RecordedOutcome, Recorder};
//!
//! # const TESTS: &str = r##"
//! #[tokio::test(start_paused = true)] // no test takes a minute
//! # "##;
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # pub
//! async fn what_takes_too_long_is_given_up() {
//!     let behind = Recorder::new();
//!     let mut client = testing::dummy()
//!         .server_interceptors((Timeout(Duration::from_secs(60)), behind.clone()))
//!         .special_case_async("slow", |_| async {
//!             tokio::time::sleep(Duration::from_secs(61)).await;
//!             "at last"
//!         })
//!         .start()
//!         .await
//!         .expect("it starts in memory");
//!
//!     assert_eq!(client.execute("quick").await.expect("it is in time"), "quick");
//!     let status = client.execute("slow").await.expect_err("it is late");
//!     assert_eq!(status.code(), Code::DeadlineExceeded);
//!
//!     let outcomes: Vec<_> = behind.calls().into_iter().map(|call| call.outcome).collect();
//!     assert_eq!(outcomes, [Some(RecordedOutcome::Ok), Some(RecordedOutcome::Cancelled)]);
//! }
//! # }
//! # fn main() {
//! #     tests::what_takes_too_long_is_given_up();
//! # }
//! ```
//!
//! # A test of your own service
//!
//! [`serve`] takes the server that tonic generated, with interceptors or without, and runs it in the
//! same way: over HTTP/2, in memory, until it is dropped. Three lines are a complete test:
//!
//! ```
//! use grpc_interceptor::testing;
//! use tonic::{Request, Response, Status};
//!
//! // What tonic generated from the .proto file: put your own module here.
//! use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
//! use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest, greeter_client::GreeterClient};
//!
//! struct MyGreeter;
//!
//! #[tonic::async_trait]
//! impl greeter_server::Greeter for MyGreeter {
//!     async fn say_hello(
//!         &self,
//!         request: Request<HelloRequest>,
//!     ) -> Result<Response<HelloReply>, Status> {
//!         let message = format!("Hello, {}!", request.into_inner().name);
//!         Ok(Response::new(HelloReply { message }))
//!     }
//! }
//!
//! # mod tests {
//! # use super::*;
//! # const TEST: &str = r##"
//! #[tokio::test]
//! # "##;
//! # #[tokio::main(flavor = "current_thread")]
//! # pub
//! async fn it_says_hello() -> Result<(), Box<dyn std::error::Error>> {
//!     let request = HelloRequest { name: "Ada".to_owned() };
//!
//!     let server = testing::serve(GreeterServer::new(MyGreeter)).start().await?;
//!     let mut client = GreeterClient::new(server.channel());
//!     assert_eq!(client.say_hello(request).await?.into_inner().message, "Hello, Ada!");
//!     Ok(())
//! }
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     tests::it_says_hello()
//! # }
//! ```
//!
//! A whole server with several services and with tower layers, as `Server::builder()` makes it, is
//! served in the same way.
//!
//! # What is there
//!
//! - [`dummy`] makes a server and a [`DummyClient`] with interceptors and
//!   [special cases](Dummy::special_case). [`DummyService`] is the service alone.
//! - [`serve`] makes a [`RunningServer`] of your own server, with the channel to it.
//! - [`Recorder`] writes down what an interceptor sees at its place in the chain.
//! - [`next`] makes the rest of a chain of a closure, to call an interceptor alone.
//! - [`FailFirst`] fails the first calls, for what tries again.
//! - [`Clock`] is tokio's, for what has to do with time.

mod answer;
mod client;
mod clock;
mod connection;
mod dummy;
mod fail_first;
#[rustfmt::skip]
#[allow(clippy::all, reason = "tonic's generator writes it")]
mod generated;
mod held;
mod link;
pub mod next;
mod recorder;
mod running_server;
mod servable;
mod serve;
mod server;
mod serves;
mod service;
mod settle;
mod tasks;

pub use answer::Answer;
pub use client::DummyClient;
pub use clock::Clock;
pub use dummy::Dummy;
pub use fail_first::FailFirst;
pub use generated::{DummyRequest, DummyResponse, dummy_service_client, dummy_service_server};
pub use recorder::{RecordedCall, RecordedOutcome, Recorder};
pub use running_server::RunningServer;
pub use servable::Servable;
pub use serve::Serve;
pub use service::DummyService;

/// A dummy service, with a real HTTP/2 server and client, to be given interceptors and
/// [started](Dummy::start).
///
/// ```
/// use grpc_interceptor::testing;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = testing::dummy().special_case("ping", |_| "pong").start().await?;
/// assert_eq!(client.execute("ping").await?, "pong");
/// assert_eq!(client.execute("foo").await?, "foo");
/// # Ok(())
/// # }
/// ```
pub fn dummy() -> Dummy {
    Dummy::new()
}

/// Your own server, to be [started](Serve::start) in memory, over HTTP/2, with a channel to it.
///
/// It takes a server that tonic generated, with interceptors or without; a
/// [`Router`](tonic::transport::server::Router), which is what `Server::builder().add_service(…)`
/// gives, with its layers and settings; [`Routes`](tonic::service::Routes); or whatever else is a service as these are,
/// such as an axum `Router` or a server inside of a tower layer, if it can't fail.
///
/// ```
/// use grpc_interceptor::testing;
/// use std::time::Duration;
/// use tonic::transport::Server;
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
/// # use grpc_interceptor_proto::greeter::{HelloRequest, greeter_client::GreeterClient};
/// #
/// # struct MyGreeter;
/// #
/// # #[tonic::async_trait]
/// # impl greeter_server::Greeter for MyGreeter {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // One service:
/// let server = testing::serve(GreeterServer::new(MyGreeter)).start().await?;
/// let mut client = GreeterClient::new(server.channel());
///
/// // A whole server, as the program has it:
/// let router = Server::builder()
///     .timeout(Duration::from_secs(30))
///     .layer(tower::layer::util::Identity::new()) // any tower layer
///     .add_service(GreeterServer::new(MyGreeter));
/// let server = testing::serve(router).start().await?;
/// # Ok(())
/// # }
/// ```
///
/// The channel doesn't speak TLS, so build a router under test without `tls_config`. Its settings for
/// TCP, such as `tcp_keepalive`, have no effect: they are for a server that listens by itself.
///
/// In memory, on a runtime with one thread, a connection breaks after some two thousand calls that are answered before
/// their requests are read, such as calls that a token check refuses: tonic's client makes a new one, and the call in
/// between fails. It is the same with tonic alone. For a load test, serve [on loopback](Serve::on_loopback).
pub fn serve<S, K>(server: S) -> Serve
where
    S: Servable<K>,
{
    Serve::new(server.into_start())
}
