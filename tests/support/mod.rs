//! What the tests share: a server on a real socket, a client for it, and a greeter to put
//! interceptors around.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses a part of it")]

pub(crate) mod failing;
pub(crate) mod guard;
pub(crate) mod page;

use std::{
    convert::Infallible,
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    ops::{Deref, DerefMut},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, LayerInterceptors, LayerService, Next, Outcome, RpcKind,
};
pub(crate) use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest,
    greeter_client::{GreeterClient, GreeterInterceptors, InterceptedGreeterClient},
    greeter_server::GreeterServer,
};
use tokio::sync::{
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};
use tokio_stream::{Stream, StreamExt as _};
pub(crate) use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::GrpcService,
    codegen::{Bytes, Service, StdError, http},
    metadata::{MetadataMap, MetadataValue},
    server::NamedService,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tower::Layer as _;

/// A client with its own server, which stops when this is dropped.
pub(crate) struct Client {
    greeter: GreeterClient<Channel>,
    channel: Channel,
    endpoint: Endpoint,
    _stop_server: oneshot::Sender<()>,
}

impl Client {
    /// For calls that this client can't make.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A client of the same server whose calls go through these interceptors.
    pub(crate) fn through<I>(&self, interceptors: I) -> InterceptedGreeterClient<Channel, I> {
        GreeterClient::with_interceptors(self.channel(), interceptors)
    }

    /// A client of the same server whose channel is inside a layer with these interceptors.
    pub(crate) fn in_layer<I>(&self, interceptors: I) -> GreeterClient<LayerService<Channel, I>>
    where
        I: LayerInterceptors,
    {
        GreeterClient::new(InterceptorLayer::new(interceptors).layer(self.channel()))
    }

    /// Opens another connection to the same server.
    pub(crate) async fn connect_again(&self) -> GreeterClient<Channel> {
        GreeterClient::new(self.endpoint.connect().await.expect("the server listens"))
    }
}

impl Deref for Client {
    type Target = GreeterClient<Channel>;

    fn deref(&self) -> &Self::Target {
        &self.greeter
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.greeter
    }
}

/// A server that tonic generated.
pub(crate) trait GeneratedServer:
    Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible, Future: Send>
    + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> GeneratedServer for S where
    S: Service<
            http::Request<Body>,
            Response = http::Response<Body>,
            Error = Infallible,
            Future: Send,
        > + NamedService
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Starts a server for this service on a free port, and connects to it.
pub(crate) async fn connect(service: impl GeneratedServer) -> Client {
    connect_with_windows(service, None).await
}

/// Does what [`connect`] does, with windows of this many bytes on both sides: the amount that a
/// sender can be ahead of the reader.
pub(crate) async fn connect_with_windows(
    service: impl GeneratedServer,
    window: Option<u32>,
) -> Client {
    connect_to(window, |mut server, incoming, stopped| {
        let router = server.add_service(service);
        router.serve_with_incoming_shutdown(incoming, until(stopped))
    })
    .await
}

/// Does what [`connect`] does, with a layer of these interceptors around the whole server.
pub(crate) async fn connect_in_layer<I>(service: impl GeneratedServer, interceptors: I) -> Client
where
    I: LayerInterceptors,
{
    connect_to(None, |server, incoming, stopped| {
        let router = server.layer(InterceptorLayer::new(interceptors)).add_service(service);
        router.serve_with_incoming_shutdown(incoming, until(stopped))
    })
    .await
}

async fn until(stopped: oneshot::Receiver<()>) {
    // It makes no difference whether the sender sends or is dropped.
    let _ = stopped.await;
}

async fn connect_to<F>(
    window: Option<u32>,
    serve: impl FnOnce(Server, TcpIncoming, oneshot::Receiver<()>) -> F,
) -> Client
where
    F: Future<Output: Send> + Send + 'static,
{
    let incoming = TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .expect("there is a free port")
        .with_nodelay(Some(true));
    let address = incoming.local_addr().expect("a listener has an address");
    let (stop, stopped) = oneshot::channel();
    let server =
        Server::builder().initial_connection_window_size(window).initial_stream_window_size(window);
    tokio::spawn(serve(server, incoming, stopped));
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .expect("an address makes a URI")
        .initial_connection_window_size(window)
        .initial_stream_window_size(window);
    let channel = endpoint.connect().await.expect("the server listens");
    let greeter = GreeterClient::new(channel.clone());
    Client { greeter, channel, endpoint, _stop_server: stop }
}

/// Waits for a future, and fails the test rather than hangs.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("this takes no 30 seconds")
}

/// A channel over which a service tells a test what happens.
pub(crate) fn events<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    mpsc::unbounded_channel()
}

/// Reports an event if the test is still listening.
pub(crate) fn tell<T>(events: &UnboundedSender<T>, event: T) {
    let _ = events.send(event);
}

/// Returns the next event.
pub(crate) async fn next<T>(receiver: &mut UnboundedReceiver<T>) -> T {
    soon(receiver.recv()).await.expect("something else happens")
}

/// Returns all events until every sender is dropped.
pub(crate) async fn all<T>(mut receiver: UnboundedReceiver<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(event) = soon(receiver.recv()).await {
        all.push(event);
    }
    all
}

pub(crate) fn hello(name: &str) -> HelloRequest {
    HelloRequest { name: name.to_owned() }
}

pub(crate) fn many(name: &str, times: u32) -> GreetManyTimesRequest {
    GreetManyTimesRequest { name: name.to_owned(), times }
}

pub(crate) fn reply(message: impl Into<String>) -> HelloReply {
    HelloReply { message: message.into() }
}

/// A request stream of these names.
pub(crate) fn names<const N: usize>(
    names: [&'static str; N],
) -> impl Stream<Item = HelloRequest> + Send + 'static {
    tokio_stream::iter(names).map(hello)
}

/// Returns what a stream yielded, and how it ended.
pub(crate) async fn read(mut stream: Streaming<HelloReply>) -> (Vec<String>, Result<(), Status>) {
    let mut messages = Vec::new();
    loop {
        match soon(stream.message()).await {
            Ok(Some(HelloReply { message })) => messages.push(message),
            Ok(None) => return (messages, Ok(())),
            Err(status) => return (messages, Err(status)),
        }
    }
}

/// The result of a call of any kind.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: RpcKind,
    /// All messages, or the status that came instead of a response or after some messages.
    pub(crate) result: Result<Vec<String>, Status>,
    /// The metadata of the response, or of the status if there was no response.
    pub(crate) metadata: MetadataMap,
}

impl Answer {
    fn single(kind: RpcKind, outcome: Result<Response<HelloReply>, Status>) -> Self {
        let (result, metadata) = match outcome {
            Ok(response) => {
                let (metadata, HelloReply { message }, _) = response.into_parts();
                (Ok(vec![message]), metadata)
            }
            Err(status) => (Err(status.clone()), status.metadata().clone()),
        };
        Answer { kind, result, metadata }
    }

    async fn stream(
        kind: RpcKind,
        outcome: Result<Response<Streaming<HelloReply>>, Status>,
    ) -> Self {
        let (result, metadata) = match outcome {
            Ok(response) => {
                let (metadata, stream, _) = response.into_parts();
                let (messages, end) = read(stream).await;
                (end.map(|()| messages), metadata)
            }
            Err(status) => (Err(status.clone()), status.metadata().clone()),
        };
        Answer { kind, result, metadata }
    }

    /// The messages of a call that was answered.
    pub(crate) fn messages(&self) -> &[String] {
        match &self.result {
            Ok(messages) => messages,
            Err(status) => panic!("{:?} failed: {status:?}", self.kind),
        }
    }

    /// The status of a call that failed.
    pub(crate) fn status(&self) -> &Status {
        match &self.result {
            Ok(messages) => panic!("{:?} was answered: {messages:?}", self.kind),
            Err(status) => status,
        }
    }

    /// The values of one metadata key.
    pub(crate) fn values(&self, key: &str) -> Vec<&str> {
        values(&self.metadata, key)
    }
}

/// The values of one metadata key.
pub(crate) fn values<'a>(metadata: &'a MetadataMap, key: &str) -> Vec<&'a str> {
    metadata.get_all(key).iter().map(|value| value.to_str().expect("a value is text")).collect()
}

/// The four RPCs in the order in which [`call_each`] calls them.
pub(crate) const KINDS: [RpcKind; 4] =
    [RpcKind::Unary, RpcKind::ClientStreaming, RpcKind::ServerStreaming, RpcKind::Bidirectional];

/// Both kinds of client have the same methods.
macro_rules! call_each_of {
    ($client:expr, $name:expr, $metadata:expr) => {{
        let (client, name, metadata) = ($client, $name, $metadata);
        let two = || tokio_stream::iter([hello(name), hello(name)]);
        let outcome = soon(client.say_hello(request_with(hello(name), metadata))).await;
        let unary = Answer::single(KINDS[0], outcome);
        let outcome = soon(client.greet_everybody(request_with(two(), metadata))).await;
        let client_streaming = Answer::single(KINDS[1], outcome);
        let outcome = soon(client.greet_many_times(request_with(many(name, 2), metadata))).await;
        let server_streaming = Answer::stream(KINDS[2], outcome).await;
        let outcome = soon(client.chat(request_with(two(), metadata))).await;
        [unary, client_streaming, server_streaming, Answer::stream(KINDS[3], outcome).await]
    }};
}

/// Calls each RPC once with this name, with two messages for request streams.
pub(crate) async fn call_each(client: &mut Client, name: &str) -> [Answer; 4] {
    call_each_with(client, name, &[]).await
}

/// Calls each RPC once with this name and this metadata.
pub(crate) async fn call_each_with(
    client: &mut Client,
    name: &str,
    metadata: &[(&'static str, &'static str)],
) -> [Answer; 4] {
    call_each_of!(client, name, metadata)
}

/// The same with a client over any channel, such as one with layers around it.
pub(crate) async fn call_each_on<C>(
    client: &mut GreeterClient<C>,
    name: &str,
    metadata: &[(&'static str, &'static str)],
) -> [Answer; 4]
where
    C: GrpcService<Body, Error: Into<StdError>>,
    C::ResponseBody: http_body::Body<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
{
    call_each_of!(client, name, metadata)
}

/// Does what [`call_each`] does, through the interceptors of the client.
pub(crate) async fn call_each_through<I: GreeterInterceptors<Channel>>(
    client: &mut InterceptedGreeterClient<Channel, I>,
    name: &str,
) -> [Answer; 4] {
    call_each_of!(client, name, &[])
}

/// Does what [`call_each`] does, through the interceptors of a layer around the client.
pub(crate) async fn call_each_in_layer<I>(
    client: &mut GreeterClient<LayerService<Channel, I>>,
    name: &str,
) -> [Answer; 4]
where
    I: LayerInterceptors,
{
    call_each_of!(client, name, &[])
}

fn request_with<T>(message: T, metadata: &[(&'static str, &'static str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (key, value) in metadata {
        request.metadata_mut().append(*key, MetadataValue::from_static(value));
    }
    request
}

/// What [`greeter`]'s handlers answer if no interceptor interferes.
pub(crate) fn plain_answers(name: &str) -> [Vec<String>; 4] {
    [
        vec![format!("Hello {name}")],
        vec![format!("Hello {name} and {name}")],
        vec![format!("Hello {name} 0"), format!("Hello {name} 1")],
        vec![format!("Hello {name}"), format!("Hello {name}")],
    ]
}

/// A name that [`greeter`]'s handlers don't greet: they answer `NOT_FOUND`, and the streaming ones
/// do so in the stream.
pub(crate) const NOBODY: &str = "nobody";

/// A greeter with these interceptors around its handlers.
///
/// In the second form each RPC has additional ones, as in `#[rpc(with(…))]`: `say_hello`,
/// `greet_everybody`, `greet_many_times` and `chat`, in this order.
macro_rules! greeter {
    ($greeter:ident, [$($entries:tt)*]) => {
        $crate::support::greeter!($greeter, [$($entries)*], [], [], [], []);
    };
    (
        $greeter:ident, [$($entries:tt)*],
        [$($unary:tt)*], [$($client:tt)*], [$($server:tt)*], [$($both:tt)*]
    ) => {
        #[::grpc_interceptor::intercepted($($entries)*)]
        impl ::grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            #[rpc(with($($unary)*))]
            async fn say_hello(
                &self,
                request: ::tonic::Request<$crate::support::HelloRequest>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                $crate::support::say_hello(request).await
            }

            #[rpc(with($($client)*))]
            async fn greet_everybody(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                $crate::support::greet_everybody(request).await
            }

            type GreetManyTimesStream =
                ::tonic::codegen::BoxStream<$crate::support::HelloReply>;

            #[rpc(with($($server)*))]
            async fn greet_many_times(
                &self,
                request: ::tonic::Request<$crate::support::GreetManyTimesRequest>,
            ) -> Result<::tonic::Response<Self::GreetManyTimesStream>, ::tonic::Status> {
                $crate::support::greet_many_times(request).await
            }

            type ChatStream = ::tonic::codegen::BoxStream<$crate::support::HelloReply>;

            #[rpc(with($($both)*))]
            async fn chat(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<Self::ChatStream>, ::tonic::Status> {
                $crate::support::chat(request).await
            }
        }
    };
}
pub(crate) use greeter;

/// Greets a name, or fails as described at [`NOBODY`].
pub(crate) fn greet(name: &str) -> Result<HelloReply, Status> {
    match name {
        NOBODY => Err(Status::not_found("nobody is here")),
        name => Ok(reply(format!("Hello {name}"))),
    }
}

/// Returns what the handler received: each value of the request's `to-handler` comes back as
/// `seen`.
fn respond<T, U>(request: &Request<T>, result: Result<U, Status>) -> Result<Response<U>, Status> {
    let mut outcome = result.map(Response::new);
    for value in request.metadata().get_all("to-handler") {
        metadata_of(&mut outcome).append("seen", value.clone());
    }
    outcome
}

pub(crate) async fn say_hello(
    request: Request<HelloRequest>,
) -> Result<Response<HelloReply>, Status> {
    respond(&request, greet(&request.get_ref().name))
}

pub(crate) async fn greet_everybody(
    mut request: Request<Streaming<HelloRequest>>,
) -> Result<Response<HelloReply>, Status> {
    let mut names = Vec::new();
    while let Some(HelloRequest { name }) = request.get_mut().message().await? {
        names.push(name);
    }
    let nobody = names.iter().find(|name| *name == NOBODY);
    respond(&request, greet(nobody.unwrap_or(&names.join(" and "))))
}

pub(crate) async fn greet_many_times(
    request: Request<GreetManyTimesRequest>,
) -> Result<Response<BoxStream<HelloReply>>, Status> {
    let GreetManyTimesRequest { name, times } = request.get_ref().clone();
    let greetings = (0..times).map(move |time| {
        greet(&name).map(|HelloReply { message }| reply(format!("{message} {time}")))
    });
    let stream: BoxStream<HelloReply> = Box::pin(tokio_stream::iter(greetings));
    respond(&request, Ok(stream))
}

pub(crate) async fn chat(
    request: Request<Streaming<HelloRequest>>,
) -> Result<Response<BoxStream<HelloReply>>, Status> {
    let (metadata, extensions, names) = request.into_parts();
    let stream: BoxStream<HelloReply> = Box::pin(names.map(|message| greet(&message?.name)));
    respond(&Request::from_parts(metadata, extensions, ()), Ok(stream))
}

/// The metadata of an outcome, either a response or a status.
pub(crate) fn metadata_of<T>(outcome: &mut Result<Response<T>, Status>) -> &mut MetadataMap {
    match outcome {
        Ok(response) => response.metadata_mut(),
        Err(status) => status.metadata_mut(),
    }
}

/// Adds its name to the request, and to the outcome as `from-handler`.
pub(crate) struct Tag(pub(crate) &'static str);

impl<N: Next> Interceptor<N> for Tag {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tag(self.0, request, next).await
    }
}

/// Does what [`Tag`] does.
pub(crate) async fn tag<N: Next>(
    tag: &'static str,
    mut request: Request<N::Request>,
    next: N,
) -> Outcome<N> {
    request.metadata_mut().append("to-handler", MetadataValue::from_static(tag));
    let mut outcome = next.run(request).await;
    metadata_of(&mut outcome).append("from-handler", MetadataValue::from_static(tag));
    outcome
}
