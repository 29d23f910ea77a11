//! Around a single server, between tonic's interceptors and tower's layers, and with a server's own
//! settings.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use grpc_interceptor::{Context, Interceptor, InterceptorLayer, Next, Outcome, testing};
use grpc_interceptor_proto::plain::greeter::greeter_server;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::http,
    metadata::MetadataValue,
    service::{Routes, interceptor::InterceptedService},
    transport::Server,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::{Layer as _, ServiceBuilder, util::MapRequestLayer};

use crate::{
    greeter::Greeter,
    interceptors::{Auth, Log, Refuse},
    support::{
        BoxStream, GreetManyTimesRequest, GreeterClient, HelloReply, HelloRequest, Tag,
        call_each_on, hello, many, plain_answers, reply, soon, values,
    },
};

#[tokio::test]
async fn one_server_among_others_has_its_own_layer() {
    let log = Log::default();
    let (_reporter, health) = tonic_health::server::health_reporter();
    let greeter = Greeter::default();
    let layer = InterceptorLayer::new((log.clone(), Refuse));
    let router = Server::builder().add_service(layer.layer(greeter.server())).add_service(health);
    let server = testing::serve(router).start().await.unwrap();
    let mut client = GreeterClient::new(server.channel());
    for answer in call_each_on(&mut client, "Ada", &[]).await {
        assert_eq!(answer.status().code(), Code::PermissionDenied);
    }
    soon(HealthClient::new(server.channel()).check(HealthCheckRequest::default())).await.unwrap();
    assert_eq!(log.take().len(), 4);
}

/// A tonic interceptor that adds its name to the request.
fn sync_tag(tag: &'static str) -> impl tonic::service::Interceptor + Clone {
    move |mut request: Request<()>| {
        request.metadata_mut().append("to-handler", MetadataValue::from_static(tag));
        Ok(request)
    }
}

fn tower_tag(
    tag: &'static str,
) -> MapRequestLayer<impl Fn(http::Request<Body>) -> http::Request<Body> + Clone> {
    MapRequestLayer::new(move |mut request: http::Request<Body>| {
        request.headers_mut().append("to-handler", http::HeaderValue::from_static(tag));
        request
    })
}

#[tokio::test]
async fn tonics_interceptors_and_tower_layers_can_be_outside_and_inside() {
    let greeter = Greeter::default();
    let layer = |tag| InterceptorLayer::new(Tag(tag));
    let beneath = InterceptedService::new(greeter.server(), sync_tag("sync beneath"));
    let one = layer("layer").layer(beneath);
    let one = InterceptedService::new(one, sync_tag("sync above"));
    let router = Server::builder()
        .layer(
            ServiceBuilder::new()
                .layer(tower_tag("tower above"))
                .layer(layer("outer layer"))
                .layer(tower_tag("tower beneath")),
        )
        .add_service(one);
    let server = testing::serve(router).start().await.unwrap();
    let answers = call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await;
    for answer in answers {
        assert!(answer.result.is_ok());
        assert_eq!(
            answer.values("seen"),
            ["tower above", "outer layer", "tower beneath", "sync above", "layer", "sync beneath"]
        );
        assert_eq!(answer.values("from-handler"), ["layer", "outer layer"]);
    }
}

#[tokio::test]
async fn a_call_refused_by_tonics_interceptor_is_seen_only_outside_it() {
    let (above, beneath, greeter) = (Log::default(), Log::default(), Greeter::default());
    let refuse = |_: Request<()>| -> Result<Request<()>, Status> {
        let mut status = Status::with_details(Code::ResourceExhausted, "slowly", b"x"[..].into());
        status.metadata_mut().insert("retry-after", MetadataValue::from_static("1"));
        Err(status)
    };
    let inside = InterceptorLayer::new(beneath.clone()).layer(greeter.server());
    let server =
        InterceptorLayer::new(above.clone()).layer(InterceptedService::new(inside, refuse));
    let server = testing::serve(server).start().await.unwrap();
    for answer in call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await {
        let status = answer.status();
        assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "slowly"));
        assert_eq!(status.details(), b"x");
        assert_eq!(values(status.metadata(), "retry-after"), ["1"]);
    }
    assert_eq!(above.take().len(), 4);
    assert!(beneath.take().is_empty());
    assert_eq!(greeter.runs(), 0);
}

#[tokio::test]
async fn nested_layers_run_from_the_outside_in() {
    let logs = [(); 3].map(|()| Log::default());
    let greeter = Greeter::default();
    let layer = |number: usize, tag| InterceptorLayer::new((logs[number].clone(), Tag(tag)));
    let server =
        layer(0, "one").layer(layer(1, "two").layer(layer(2, "three").layer(greeter.server())));
    let server = testing::serve(server).start().await.unwrap();
    let answers = call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
    for answer in answers {
        assert_eq!(answer.values("seen"), ["one", "two", "three"]);
        assert_eq!(answer.values("from-handler"), ["three", "two", "one"]);
    }
    let lines = logs.map(|log| log.take());
    assert_eq!(lines[0].len(), 4);
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[1], lines[2]);
}

/// If the name is a number, waits that many milliseconds.
#[derive(Clone, Default)]
struct Slow {
    at_once: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Slow {
    async fn wait(&self, name: &str) {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(name.parse().unwrap())).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tonic::async_trait]
impl greeter_server::Greeter for Slow {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.wait(&request.get_ref().name).await;
        Ok(Response::new(reply("at last")))
    }

    async fn greet_everybody(
        &self,
        _: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::unimplemented("not here"))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        self.wait(&request.get_ref().name).await;
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        _: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

fn slow() -> (Slow, greeter_server::GreeterServer<Slow>) {
    let slow = Slow::default();
    (slow.clone(), greeter_server::GreeterServer::new(slow))
}

/// The server's own limits are outside its layers.
#[tokio::test(start_paused = true)]
async fn a_servers_timeout_drops_the_call_inside_the_layer() {
    let log = Log::default();
    let answer = async |layered: bool| {
        let builder = Server::builder().timeout(Duration::from_secs(1));
        let layer = layered.then(|| InterceptorLayer::new(log.clone()));
        let layer = tower::util::option_layer(layer);
        let mut builder = builder.layer(ServiceBuilder::new().map_response(body).layer(layer));
        let server = testing::serve(builder.add_service(slow().1)).start().await.unwrap();
        let status = GreeterClient::new(server.channel()).say_hello(hello("5000")).await;
        let status = status.unwrap_err();
        (status.code(), status.message().to_owned())
    };
    let bare = answer(false).await;
    assert!(log.take().is_empty());
    assert_eq!(answer(true).await, bare);
    assert_eq!(log.take(), ["/greeter.v1.Greeter/SayHello Unknown: Cancelled, 1 in, 0 out"]);
}

/// Boxes any body into one type.
fn body<B>(response: http::Response<B>) -> http::Response<Body>
where
    B: http_body::Body<Data = tonic::codegen::Bytes, Error: Into<tonic::codegen::StdError>>
        + Send
        + 'static,
{
    response.map(Body::new)
}

#[tokio::test(start_paused = true)]
async fn a_callers_timeout_is_the_deadline_and_ends_the_call() {
    let log = Log::default();
    let layer = InterceptorLayer::new(log.clone());
    let router = Server::builder().layer(layer).add_service(slow().1);
    let server = testing::serve(router).start().await.unwrap();
    let mut request = Request::new(hello("5000"));
    request.set_timeout(Duration::from_secs(1));
    let status = GreeterClient::new(server.channel()).say_hello(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded));
    drop(server);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(log.take(), ["/greeter.v1.Greeter/SayHello Unknown: DeadlineExceeded, 1 in, 0 out"]);
}

async fn five_at_once(channel: tonic::transport::Channel) -> Vec<Result<(), Code>> {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let mut client = GreeterClient::new(channel.clone());
        calls.spawn(async move { client.say_hello(hello("100")).await });
    }
    let outcomes = soon(calls.join_all()).await;
    outcomes.into_iter().map(|outcome| outcome.map(drop).map_err(|status| status.code())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_servers_limits_apply_outside_the_layer() {
    let log = Log::default();
    for sheds in [false, true] {
        let (slow, greeter) = slow();
        let router = Server::builder()
            .concurrency_limit_per_connection(2)
            .load_shed(sheds)
            .layer(InterceptorLayer::new(log.clone()))
            .add_service(greeter);
        let server = testing::serve(router).start().await.unwrap();
        let outcomes = five_at_once(server.channel()).await;
        let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(answered, if sheds { 2 } else { 5 }, "{outcomes:?}");
        assert_eq!(slow.most.load(Ordering::SeqCst), 2);
        assert_eq!(log.take().len(), answered);
    }
}

/// A service that has to be ready for each call: the permit belongs to the call.
#[tokio::test(start_paused = true)]
async fn a_limit_inside_the_layer_applies_as_well() {
    let (log, (slow, greeter)) = (Log::default(), slow());
    let service = ServiceBuilder::new()
        .layer(InterceptorLayer::new((log.clone(), RefuseZero)))
        .layer(tower::limit::GlobalConcurrencyLimitLayer::new(2))
        .service(Routes::new(greeter));
    let server = testing::serve(service).start().await.unwrap();
    assert!(five_at_once(server.channel()).await.iter().all(Result::is_ok));
    assert_eq!(slow.most.load(Ordering::SeqCst), 2);
    // A refused call returns the permit.
    let mut client = GreeterClient::new(server.channel());
    for _ in 0..5 {
        let mut request = Request::new(hello("0"));
        request.metadata_mut().insert("refuse", MetadataValue::from_static("me"));
        let status = soon(client.say_hello(request)).await.unwrap_err();
        assert_eq!(status.code(), Code::Aborted);
    }
    assert!(five_at_once(server.channel()).await.iter().all(Result::is_ok));
    assert_eq!(log.take().len(), 15);
}

struct RefuseZero;

impl<N: Next> Interceptor<N> for RefuseZero {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match request.metadata().contains_key("refuse") {
            true => Err(Status::aborted("refused")),
            false => next.run(request).await,
        }
    }
}

/// On a server, a second attempt goes to a clone, which has to become ready first.
#[tokio::test(start_paused = true)]
async fn a_second_attempt_waits_until_the_service_is_ready() {
    struct Twice;

    impl<N: Next> Interceptor<N> for Twice {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let again = next.clone_request(&request);
            match (next.run(request).await, again) {
                (Err(_), Some(again)) => next.run(again).await,
                (outcome, _) => outcome,
            }
        }
    }

    let calls = Arc::new(AtomicUsize::new(0));
    let flaky = {
        let calls = calls.clone();
        move |request: Request<()>| match calls.fetch_add(1, Ordering::SeqCst) % 2 {
            0 => Err(Status::unavailable("try again")),
            _ => Ok(request),
        }
    };
    let (_, greeter) = slow();
    let service = ServiceBuilder::new()
        .layer(InterceptorLayer::new(Twice))
        .layer(tower::limit::GlobalConcurrencyLimitLayer::new(1))
        .service(InterceptedService::new(greeter, flaky));
    // In process, so that the message is there immediately.
    let mut client = GreeterClient::new(service);
    soon(client.say_hello(hello("1"))).await.unwrap();
    soon(client.greet_many_times(many("1", 0))).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn the_peers_address_is_available() {
    struct Peer;

    impl<N: Next> Interceptor<N> for Peer {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let peer = request.remote_addr().ok_or_else(|| Status::internal("no address"))?;
            assert!(peer.ip().is_loopback());
            next.run(request).await
        }
    }

    let router = Server::builder()
        .layer(InterceptorLayer::new(Peer))
        .add_service(Greeter::default().server());
    let server = testing::serve(router).on_loopback().start().await.unwrap();
    for answer in call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await {
        assert!(answer.result.is_ok());
    }
}

/// A service that isn't ready fails with its own error.
#[tokio::test]
async fn a_service_that_never_gets_ready_fails_as_before() {
    let never = tower::service_fn(|_: http::Request<Body>| async {
        Ok::<_, Infallible>(http::Response::new(Body::empty()))
    });
    let closed = tower::buffer::Buffer::new(never, 1);
    let service = InterceptorLayer::new(Auth).boxed_errors().layer(closed);
    let mut client = GreeterClient::new(service);
    let status = soon(client.say_hello(hello("Ada"))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}
