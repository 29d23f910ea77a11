//! Async, typed interceptors for [tonic](https://docs.rs/tonic) gRPC services.
//!
//! An interceptor is an async fn that runs around an RPC. It gets the request, with the type of its
//! message, the call's [`Context`], which has the RPC's name, kind and deadline, and [`next`](Next),
//! the rest of the chain. What it returns is the call's [`Outcome`].
//! [`#[intercepted]`](macro@intercepted) on the impl of a service puts a chain around each of its
//! RPCs.
//!
//! ```
//! use grpc_interceptor::{Context, Next, Outcome, intercepted};
//! use tonic::{Request, Response, Status};
//!
//! // What tonic generated from the .proto file: put your own module here.
//! use grpc_interceptor_proto::default_stubs::greeter_server;
//! use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
//!
//! /// Any RPC, unary or streaming: one line for each call, whatever happens to it.
//! async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
//!     let method = context.method_name();
//!     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
//! }
//!
//! struct MyGreeter;
//!
//! #[intercepted(log)]
//! impl greeter_server::Greeter for MyGreeter {
//!     async fn say_hello(
//!         &self,
//!         request: Request<HelloRequest>,
//!     ) -> Result<Response<HelloReply>, Status> {
//!         let message = format!("Hello, {}!", request.into_inner().name);
//!         Ok(Response::new(HelloReply { message }))
//!     }
//! }
//! ```
//!
//! # Where to read on
//!
//! - How an interceptor is written, as a fn or as a struct: [`Interceptor`].
//! - Which RPCs it is for, retries, answering alone: [`Next`].
//! - The end of a whole call, told once: [`Next::on_call_end`], [`observe`](interceptors::observe),
//!   [`on_call_end`](interceptors::on_call_end), and what they are told: [`CallEnd`].
//! - One message and many, handled alike: [`Payload`]. Making a stream: [`MessageStream`].
//!   How a stream ended: [`StreamEnd`]. Trailing metadata: [`trailers`], [`Payload::map_trailers`].
//! - Deadlines: [`Context::deadline`], [`Context::with_deadline`], [`Next::run_in_time`].
//! - Task-locals and spans around the rest of a call: [`Next::in_scope`]. A task of its own for it:
//!   [`Detach`].
//! - The list of interceptors, RPCs that differ, names: [`#[intercepted]`](macro@intercepted).
//! - Errors with a gRPC code: [`Error`]. What becomes of any other error, and of a panic:
//!   [`ErrorToStatus`](interceptors::ErrorToStatus), [`CatchPanic`](interceptors::CatchPanic).
//! - One line of log for each call: [`AccessLog`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.AccessLog.html),
//!   with the feature `tracing`.
//! - Spans, and a trace from client to server: [`Trace`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.Trace.html), with the feature `opentelemetry`.
//!   Counts and times, in three vocabularies: [`Metrics`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.Metrics.html), with the feature `opentelemetry` or
//!   `metrics`. Messages: [`PayloadLog`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.PayloadLog.html), with the feature `tracing`.
//! - A web page of what RPCs are doing: [`Rpcz`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.Rpcz.html),
//!   with the feature `rpcz`.
//! - Interceptors on a client: [on a generated client](macro@intercepted#on-a-generated-client), with
//!   [`#[interceptor]`](macro@interceptor) on the async fns.
//! - Interceptors given when a server is created, around handlers that stay untouched:
//!   [on a generated server](macro@intercepted#on-a-generated-server). In a list made at run time:
//!   [`List`](interceptors::List). On some calls only: [`when`](interceptors::when).
//! - Interceptors around a whole server or channel, no matter who generated the services:
//!   [`InterceptorLayer`].
//! - Interceptors around the service of another crate, for example tonic-health's:
//!   [a service that another crate generated](macro@intercepted#a-service-that-another-crate-generated).
//! - Tests of interceptors, and of your own services, with an actual client and server: the feature
//!   [`testing`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/testing/index.html).
//! - What an interceptor may ask about the call: [`Context`], [`MethodName`], [`RpcKind`], [`Side`].
//!
//! Programs with all of it are
//! [`examples/greeter`](https://github.com/grpc-interceptor/grpc-interceptor/blob/main/examples/greeter/main.rs),
//! a server,
//! [`examples/client.rs`](https://github.com/grpc-interceptor/grpc-interceptor/blob/main/examples/client.rs), and
//! [`examples/server_wide.rs`](https://github.com/grpc-interceptor/grpc-interceptor/blob/main/examples/server_wide.rs),
//! a log and a token check around health, reflection and a service.
//!
//! # Where interceptors go
//!
//! There are four places. One interceptor fits all of them, if it is for any [`N: Next`](Next).
//!
//! | | layer | list at creation | attribute | client |
//! | --- | --- | --- | --- | --- |
//! | written | [`InterceptorLayer::new(…)`](InterceptorLayer), in `Server::builder().layer(…)` or around a channel | `GreeterServer::with_interceptors(service, …)` | `#[intercepted(…)]` on the impl | `GreeterClient::with_interceptors(channel, …)` |
//! | around | all services, whoever generated them, and RPCs that nobody implements | one generated server | one impl | one generated client |
//! | runs | **before** the message is read | after it was read and decoded | after it was read and decoded | before it is encoded |
//! | messages | [`RawMessage`]: encoded bytes, for those who look | typed | typed | typed |
//! | kind of the RPC | [`Unknown`](RpcKind::Unknown), or as the layer was told | known | known | known |
//! | a call costs | 3 allocations | 1 | 0 | 0 |
//! | for | log, metrics, tracing, tokens, limits: what every call has to pass | what belongs to this server, around handlers that stay untouched | what belongs to the service: its fields, its messages, its errors | tokens, retries, tracing |
//!
//! A server that has all of them runs them in this order:
//!
//! ```text
//! request ─▶ layer ─▶ tonic reads and decodes ─▶ list at creation ─▶ attribute ─▶ handler
//!              │                                      │                  │           │
//! caller ◀─ layer ◀─────── tonic encodes ◀──── list at creation ◀─ attribute ◀─ outcome
//! ```
//!
//! **Large requests.** A typed interceptor runs when the whole message is there. Fifty callers without a token,
//! who announce 4 MiB each and take their time, hold up to 200 MiB before a typed token check sees the first of
//! them, and a typed log never has a line for those who don't finish. So what decides who gets in belongs in a layer,
//! as does the log around it. If it is in another place, `max_decoding_message_size` on the generated server
//! is the limit of what each caller may hold.
//!
//! # The chain
//!
//! - The first of the list is the outermost: it sees the request first and the outcome last.
//! - An RPC that the server doesn't know calls no interceptor except a layer's. A default stub of tonic's in an
//!   `#[intercepted]` impl doesn't call those of the attribute.
//! - When the client goes away, the call is dropped where it waits, and the chain with it. An
//!   [observer](interceptors::observe) is told.
//! - The chain is put together by the compiler: nothing in it is a trait object, except in a
//!   [`List`](interceptors::List).

#![warn(missing_docs)]

pub mod guide;

/// Runs every RPC of a service through a chain of [interceptors](Interceptor).
///
/// It goes on the impl of a trait that tonic generated, and takes the chain, the outermost
/// interceptor first:
///
/// ```
/// # use grpc_interceptor::{Next, Outcome};
/// use grpc_interceptor::{Context, Interceptor, intercepted};
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
/// # use tonic::{Request, Response, Status};
/// # async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
/// #     next.run(request).await
/// # }
/// # async fn shout<N>(mut request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N>
/// # where
/// #     N: Next<Request = HelloRequest>,
/// # {
/// #     request.get_mut().name.make_ascii_uppercase();
/// #     next.run(request).await
/// # }
/// # struct Auth;
/// # impl<N: Next> Interceptor<N> for Auth {
/// #     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
/// #         next.run(request).await
/// #     }
/// # }
/// struct MyGreeter {
///     auth: Auth, // an `Interceptor`
/// }
///
/// #[intercepted(log, self.auth)]
/// impl Greeter for MyGreeter {
///     #[rpc(skip(self.auth), with(shout))]
///     async fn say_hello(
///         &self,
///         request: Request<HelloRequest>,
///         context: Context, // if the handler wants it
///     ) -> Result<Response<HelloReply>, Status> {
///         let message = format!("{} says hello", context.method_name());
///         Ok(Response::new(HelloReply { message }))
///     }
/// }
/// ```
///
/// # Entries
///
/// | entry | for example |
/// | --- | --- |
/// | the path of an async fn | `log`, `logging::access` |
/// | a unit struct, a const or a static that is an [`Interceptor`] | `NoCache`, `LIMIT`, `AUTH` |
/// | a field of the service | `self.auth` |
/// | any other expression, which may use `self` | `RateLimit::of(&self.quota)` |
/// | a tuple of entries | `(log, self.auth)` |
///
/// A path or a field is borrowed. Any other expression is evaluated for each call, when the call
/// reaches it. The list may be empty.
///
/// A const whose type has a destructor, or can be changed through `&self` (an atomic, a lock), can't
/// be borrowed for the length of a call (“temporary value dropped while borrowed”): make it a static.
///
/// An interceptor that isn't for one of the RPCs, by its bounds on [`Next`], is a compile error.
/// Put such a one on the RPCs that it is for, with `#[rpc(with(…))]`.
///
/// # Options
///
/// They stand among the entries.
///
/// - `service = …` says where the service's name comes from: the generated module,
///   `service = pb::greeter_server`, or the name itself, `service = "pkg.Greeter"`. It is needed if
///   neither the generated code [says its names](#names) nor the generated server is found where the trait
///   is from: in the module that the trait is written with, or that the file imports it from.
/// - `crate = …` is the path to this crate, if it isn't `::grpc_interceptor`.
///
/// # `#[rpc(…)]`
///
/// On a method, for that RPC alone:
///
/// - `skip(…)` leaves out entries of the list, written as they are there.
/// - `with(…)` adds entries, behind those of the list.
/// - `name = "GetURL"` is the RPC's name in the .proto file, see [below](#names).
///
/// # Handlers
///
/// They keep the signature that tonic's trait has, and their bodies as they are. A handler may take
/// `context: Context` as a last argument, and return any error that is
/// `Into<Box<dyn std::error::Error + Send + Sync>>` instead of a `Status`, as its stream may: a
/// `Status` or an [`Error`] in its chain of sources decides, anything else is `UNKNOWN`, with a text
/// that tells nothing, and the error as the status's source.
///
/// `#[async_trait]` isn't needed. If it is there, put it below `#[intercepted]`.
///
/// `type ChatStream = …` stays what you wrote for the handlers. What tonic's trait gets is a
/// [`ResponseStream`] of it, which may have interceptors around it; if the RPC's chain is empty, it gets yours.
///
/// A unit test that calls `service.chat(request)` runs the chain, too. To call a handler without it, have the body in
/// a method of your own, and call that from the handler.
///
/// A handler that calls `self.other_rpc(…)` calls the method of tonic's trait, and so runs that
/// RPC's chain: code that two RPCs share belongs in a method of your own. One that calls its own RPC in
/// this way is E0034, “multiple applicable items in scope”, as its body is in a trait of ours, too: write
/// `Greeter::say_hello(self, …)`.
///
/// # Names
///
/// If the [generated server](#on-a-generated-server) carries the attribute, [`Context::method_name`] is the
/// name in the generated code: it can't be wrong. A `#[rpc(name = "…")]` that says otherwise is a compile
/// error, as is a `service = "…"`. Decide by names only with that line in build.rs.
///
/// Without it, the name is put together at compile time, of the generated server's `NamedService::NAME` and
/// the RPC's name. That is
///
/// 1. what `#[rpc(name = "…")]` says;
/// 2. or, for a server stream, the name of its type: `type ChatStream` is that of `Chat`;
/// 3. or the method's name in UpperCamelCase: `say_hello` is `SayHello`.
///
/// The last one may be wrong: `GetURL` and `GetUrl` both are `get_url` in Rust. So the macro adds a
/// unit test to your crate, under `cfg(test)`, that calls the generated server by each name and
/// looks which method answers. It is named after the impl, as in
/// `my_greeter_has_the_rpc_names_of_greeter`. If it fails, it says which `#[rpc(name = "…")]` to write, for
/// all of them at once. It also fails if it can't tell, because a codec refuses its empty message.
///
/// Without the line in build.rs nothing checks the names if the service's name is a string, or if a type in the
/// handlers' signatures depends on a type parameter of the impl. Then there is an ignored test,
/// `my_greeter_has_unchecked_rpc_names_of_greeter`, so that `cargo test` tells of it. An impl under
/// `#[cfg(not(test))]` has neither test: decide by its names only with the line in build.rs.
///
/// In a fn Rust runs no tests. There it is a plain fn, for a test around it to call.
///
/// # On a generated client
///
/// There it takes no interceptors. It comes from a line in build.rs, for all clients
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// tonic_prost_build::configure()
///     .client_mod_attribute(".", "#[grpc_interceptor::intercepted]")
///     .compile_protos(&["proto/greeter.proto"], &["proto"])
/// # }
/// ```
///
/// or for one, `.client_attribute("pkg.Greeter", "#[grpc_interceptor::intercepted]")`. The generated
/// client stays as it is, and beside it there is
///
/// - `GreeterClient::with_interceptors(inner, interceptors)`, which makes
/// - `InterceptedGreeterClient<T, I>`, with the same methods, each for the interceptors `I` that its
///   RPC allows. `InterceptedGreeterClient::connect(endpoint, interceptors)` connects, and `new` takes a client
///   with settings of its own;
/// - `GreeterInterceptors<T>`, the trait of interceptors that serve all RPCs, for generic code.
///
/// `interceptors` is one [`Interceptor`]: mostly a tuple, of structs and of async fns with
/// [`#[interceptor]`](macro@interceptor).
///
/// In a program that has a `GreeterClient` in a field, three places change: the import, the field's type and
/// the constructor.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor};
/// use grpc_interceptor_proto::greeter::greeter_client::InterceptedGreeterClient;
/// use tonic::{Request, transport::{Channel, Error}};
///
/// #[interceptor]
/// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     println!("{}", context.method_name());
///     next.run(request).await
/// }
///
/// struct App {
///     greeter: InterceptedGreeterClient<Channel, log>,
/// }
///
/// async fn start() -> Result<App, Error> {
///     let greeter = InterceptedGreeterClient::connect("http://localhost:50051", log).await?;
///     Ok(App { greeter })
/// }
/// ```
///
/// What carries the calls is `Clone`, as a channel is. If yours isn't, see [`Transport`].
///
/// `tonic_prost_build::manual::Builder` takes no attributes. Put the line into what it wrote:
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # let service = tonic_prost_build::manual::Service::builder().name("Greeter").package("pkg").build();
/// tonic_prost_build::manual::Builder::new().compile(&[service]);
///
/// let path = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("pkg.Greeter.rs");
/// let mut code = std::fs::read_to_string(&path)?;
/// for module in ["pub mod greeter_client {", "pub mod greeter_server {"] {
///     code = code.replace(module, &format!("#[grpc_interceptor::intercepted]\n{module}"));
/// }
/// std::fs::write(path, code)?;
/// # Ok(())
/// # }
/// ```
///
/// What the `ClientCallDetails` of gRPC's Python library lets an interceptor change has these
/// counterparts:
///
/// | in Python | here |
/// | --- | --- |
/// | `method` | fixed, as the RPC's types are: call another RPC, by a client that the interceptor has |
/// | `timeout` | `next.with_context(context.with_deadline(…))`, or `request.set_timeout(…)` |
/// | `metadata` | `request.metadata_mut()` |
/// | `credentials` | `authorization` in the metadata; TLS is set on the channel |
/// | `wait_for_ready` | tonic has none: connect with `Endpoint::connect_lazy`, and retry on `Unavailable` |
/// | `compression` | `send_compressed` on the client, for all of its calls: tonic has none per call |
///
/// # On a generated server
///
/// As on a client, it comes from a line in build.rs, for all servers
/// `.server_mod_attribute(".", "#[grpc_interceptor::intercepted]")`, or for one,
/// `.server_attribute("pkg.Greeter", "#[grpc_interceptor::intercepted]")`. Then a server can be created
/// with interceptors around a service whose handlers are plain tonic:
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{Context, Next, Outcome, interceptor, interceptors::CatchPanic};
/// use tonic::Request;
///
/// #[interceptor]
/// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     println!("{}", context.method_name());
///     next.run(request).await
/// }
///
/// let server = GreeterServer::with_interceptors(MyGreeter, (log, CatchPanic::new()))
///     .max_decoding_message_size(64 * 1024);
/// ```
///
/// A service that is in an `Arc` already, because other code has it, too, or because several servers
/// share it, goes into `with_interceptors_from_arc`:
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// # let (log, authenticate) = ((), ());
/// use std::sync::Arc;
///
/// let service = Arc::new(MyGreeter);
/// let inside = GreeterServer::with_interceptors_from_arc(service.clone(), log);
/// let outside = GreeterServer::with_interceptors_from_arc(service, (log, authenticate));
/// ```
///
/// The names that interceptors see are those in the generated code: none can be wrong. Both
/// constructors return the generated server, around an [`Intercepted`] service. Its type is the same
/// whatever the interceptors are. `greeter_server::GreeterServerInterceptors<T>` is the trait of
/// interceptors that serve all RPCs of a service `T`, for generic code.
///
/// If the service's impl is `#[intercepted(…)]` itself, the server's interceptors run first, then those
/// of the impl.
///
/// An RPC that a service leaves to tonic's default stub goes through the interceptors, too: nobody
/// can tell the stub from a handler. Only a method that the server doesn't know at all goes past them.
///
/// # A service that another crate generated
///
/// You can't put the attribute on that code, and a macro in your crate can't see which methods its trait
/// has. So write them down once, in an impl that hands each call on to the service, and put the attribute
/// on that impl. For the health service of [tonic-health](https://docs.rs/tonic-health):
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, intercepted};
/// use tonic::{Request, Response, Status};
/// use tonic_health::pb::health_server::{Health, HealthServer};
/// use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
/// use tonic_health::server::{HealthReporter, HealthService};
///
/// /// Tells the health of the whole server, whose name is empty, and of no single service.
/// async fn only_the_whole<N>(
///     request: Request<HealthCheckRequest>,
///     _: Context,
///     next: N,
/// ) -> Outcome<N>
/// where
///     N: Next<Request = HealthCheckRequest>,
/// {
///     if !request.get_ref().service.is_empty() {
///         return Err(Status::permission_denied("leave the name of the service out"));
///     }
///     next.run(request).await
/// }
///
/// struct Guarded(HealthService);
///
/// type Answer<T> = Result<Response<T>, Status>;
///
/// #[intercepted(only_the_whole)]
/// impl Health for Guarded {
///     async fn check(&self, request: Request<HealthCheckRequest>) -> Answer<HealthCheckResponse> {
///         self.0.check(request).await
///     }
///
///     type WatchStream = <HealthService as Health>::WatchStream;
///
///     async fn watch(&self, request: Request<HealthCheckRequest>) -> Answer<Self::WatchStream> {
///         self.0.watch(request).await
///     }
/// }
///
/// // What `health_reporter()` makes is a server already, and its service can't be taken out.
/// let reporter = HealthReporter::new();
/// let health = Guarded(HealthService::from_health_reporter(reporter.clone()));
/// let server = HealthServer::new(health);
/// ```
///
/// The names are put together and checked by a unit test, see [Names](#names). A method that you leave
/// out is a compile error, unless the trait has default stubs: then its RPC is `UNIMPLEMENTED`.
///
/// If the interceptors don't look into messages, for example if they log, count or check a token, take
/// an [`InterceptorLayer`] instead. It needs no such impl, and goes around one generated server or around
/// all of them at once. Messages are bytes there.
#[doc(inline)]
pub use grpc_interceptor_macros::intercepted;

/// Makes a value of an async fn that is an [interceptor](Interceptor).
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor};
/// use tonic::Request;
///
/// #[interceptor]
/// pub async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     println!("{}", context.method_name());
///     next.run(request).await
/// }
///
/// // A type and a value now.
/// struct Interceptors {
///     all: (log, Option<log>),
/// }
/// let interceptors = Interceptors { all: (log, Some(log)) };
/// ```
///
/// It makes a unit struct with the name and the visibility of the fn, which is `Copy`, `Default` and
/// `Debug`, and an [`Interceptor`] for the RPCs that the fn's bounds on `N` allow. It goes into a
/// tuple or a field, for `with_interceptors` of a [generated client](macro@intercepted#on-a-generated-client),
/// and into the list of `#[intercepted(log)]`, as the fn itself does.
///
/// An async fn alone is no value that could be given to a client: it is another one for each `N`.
///
/// It can't be called as a fn any more. Its only argument is the path to this crate, if that isn't
/// `::grpc_interceptor`: `#[interceptor(crate = …)]`.
#[doc(inline)]
pub use grpc_interceptor_macros::interceptor;

#[doc(inline)]
pub use grpc_interceptor_runtime::{
    BoxedErrors, CallEnd, Context, Detach, Detached, EndCause, Error, InScope, Intercepted,
    Interceptor, InterceptorLayer, InvalidMethodName, LayerInterceptors, LayerNext, LayerService,
    MessageStream, MethodName, Next, Observed, ObservedCall, Observer, OnEnd, Outcome, Panicked,
    Payload, RawMessage, RawPayload, ResponseStream, RpcKind, Scope, Side, StatusErrors, StreamEnd,
    Transport, trailers,
};

/// Interceptors that are ready to be put into a chain.
pub mod interceptors {
    #[doc(inline)]
    pub use grpc_interceptor_catalog::*;
    #[doc(inline)]
    pub use grpc_interceptor_runtime::{
        AnyMessage, AnyNext, AnyPayload, List, Observe, OnCallEnd, When, except, observe,
        on_call_end, only, services, when,
    };
}

#[cfg(feature = "testing")]
#[doc(inline)]
pub use grpc_interceptor_testing as testing;

#[doc(hidden)]
pub use grpc_interceptor_runtime::__private;
