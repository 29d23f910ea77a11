//! The kit's four RPCs, called with a single input and a timeout.

use std::time::Duration;

use grpc_interceptor::{
    InterceptorLayer, LayerInterceptors, LayerService, MethodName, RpcKind,
    testing::{
        self, Dummy, DummyClient, DummyRequest, DummyResponse, DummyService, RunningServer,
        dummy_service_client::{DummyServiceClient, DummyServiceInterceptors, methods},
        dummy_service_server::{DummyServiceServer, DummyServiceServerInterceptors},
    },
};
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};
use tower::Layer as _;

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const AN_HOUR: Duration = Duration::from_secs(3600);

/// How a call ended, and when.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) after: Duration,
    pub(crate) code: Code,
}

pub(crate) fn exceeded(after: Duration) -> Ended {
    Ended { after, code: Code::DeadlineExceeded }
}

/// Can hang, take an hour, or fail after 60 ms: the dummy client, or only its service.
macro_rules! slow {
    ($dummy:expr) => {
        $dummy
            .special_case_async("forever", |_| std::future::pending::<String>())
            .special_case_async("hour", |_| async {
                sleep(AN_HOUR).await;
                "at last"
            })
            .special_case_async("fails", |_| async {
                sleep(ms(60)).await;
                Err(Status::unavailable("away"))
            })
    };
}

pub(crate) fn slow_dummy() -> Dummy {
    slow!(testing::dummy())
}

pub(crate) fn slow_service() -> DummyService {
    slow!(DummyService::new())
}

pub(crate) fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

/// The caller's own request, with the timeout that it sets.
pub(crate) fn with_timeout<T>(message: T, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

/// Makes a call of this kind, and reads its response to the end.
pub(crate) async fn call(
    client: &mut impl Calls,
    kind: RpcKind,
    input: &str,
    timeout: Option<Duration>,
) -> Ended {
    let start = Instant::now();
    let outcome = client.call(kind, input, timeout).await;
    let code = outcome.map_or_else(|status| status.code(), |()| Code::Ok);
    Ended { after: start.elapsed(), code }
}

/// Any type of client for the dummy service.
pub(crate) trait Calls {
    async fn call(
        &mut self,
        kind: RpcKind,
        input: &str,
        timeout: Option<Duration>,
    ) -> Result<(), Status>;

    /// The first of these inputs is answered, the second one hangs.
    async fn chat(&mut self, timeout: Option<Duration>) -> Streaming<DummyResponse>;
}

/// All clients have the same methods.
macro_rules! calls {
    ($client:ident => $inner:expr) => {
        async fn call(
            &mut self,
            kind: RpcKind,
            input: &str,
            timeout: Option<Duration>,
        ) -> Result<(), Status> {
            let $client = self;
            let client = $inner;
            let one = with_timeout(request(input), timeout);
            let many = with_timeout(tokio_stream::iter([request(input)]), timeout);
            match kind {
                RpcKind::Unary => client.execute(one).await.map(drop),
                RpcKind::ClientStreaming => client.execute_client_stream(many).await.map(drop),
                RpcKind::ServerStreaming => read(client.execute_server_stream(one).await).await,
                RpcKind::Bidirectional => {
                    read(client.execute_client_server_stream(many).await).await
                }
                other => unreachable!("gRPC has no {other:?}"),
            }
        }

        async fn chat(&mut self, timeout: Option<Duration>) -> Streaming<DummyResponse> {
            let $client = self;
            let client = $inner;
            let requests = tokio_stream::iter(["a", "forever"].map(request));
            let requests = with_timeout(requests, timeout);
            let response = client.execute_client_server_stream(requests).await;
            response.expect("the stream starts").into_inner()
        }
    };
}

impl<C: DummyServiceInterceptors<Channel>> Calls for DummyClient<C> {
    calls!(this => this.get_mut());
}

/// With a layer around its channel.
pub(crate) struct Layered<I> {
    client: DummyServiceClient<LayerService<Channel, I>>,
    _server: RunningServer,
}

impl<I: LayerInterceptors> Calls for Layered<I> {
    calls!(this => &mut this.client);
}

/// Where the interceptors are on a client of the slow dummy service.
pub(crate) trait OnClient {
    type Client: Calls;

    async fn start<S>(self, on_the_server: S) -> Self::Client
    where
        S: DummyServiceServerInterceptors<DummyService>;
}

/// On the client itself.
pub(crate) struct Own<C>(pub(crate) C);

impl<C: DummyServiceInterceptors<Channel>> OnClient for Own<C> {
    type Client = DummyClient<C>;

    async fn start<S>(self, on_the_server: S) -> DummyClient<C>
    where
        S: DummyServiceServerInterceptors<DummyService>,
    {
        let dummy = slow_dummy().server_interceptors(on_the_server);
        dummy.client_interceptors(self.0).start().await.expect("it starts")
    }
}

const METHODS: [(MethodName<'static>, RpcKind); 4] = [
    (methods::EXECUTE, RpcKind::Unary),
    (methods::EXECUTE_CLIENT_STREAM, RpcKind::ClientStreaming),
    (methods::EXECUTE_SERVER_STREAM, RpcKind::ServerStreaming),
    (methods::EXECUTE_CLIENT_SERVER_STREAM, RpcKind::Bidirectional),
];

/// In a layer that knows the kinds.
pub(crate) struct InLayer<I>(pub(crate) I);

impl<I: LayerInterceptors> OnClient for InLayer<I> {
    type Client = Layered<I>;

    async fn start<S>(self, on_the_server: S) -> Layered<I>
    where
        S: DummyServiceServerInterceptors<DummyService>,
    {
        let server = DummyServiceServer::with_interceptors(slow_service(), on_the_server);
        let server = testing::serve(server).start().await.expect("it starts");
        // If it didn't know the kind, it would send a stream of one message again.
        let layer = InterceptorLayer::new(self.0).methods(&METHODS);
        let client = DummyServiceClient::new(layer.layer(server.channel()));
        Layered { client, _server: server }
    }
}

async fn read(outcome: Result<Response<Streaming<DummyResponse>>, Status>) -> Result<(), Status> {
    let mut stream = outcome?.into_inner();
    while stream.message().await?.is_some() {}
    Ok(())
}
