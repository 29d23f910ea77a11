//! A server with health checks and reflection next to a service: one log for all of them, and one
//! token check for all except health.

use grpc_interceptor::{
    InterceptorLayer, LayerInterceptors, MethodName, RpcKind,
    interceptors::{except, except_services, when},
    testing::{self, RunningServer},
};
use grpc_interceptor_proto::{FILE_DESCRIPTOR_SET, greeter::greeter_server};
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request,
    metadata::MetadataValue,
    transport::{Channel, Server},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient, health_server};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{
    greeter::Greeter,
    http::{Answer, exchange, one, request, set},
    interceptors::{Auth, Log, TOKEN},
    support::{GreeterClient, call_each_on, plain_answers, soon},
};

async fn serve<I>(layer: InterceptorLayer<I>, greeter: &Greeter) -> RunningServer
where
    I: LayerInterceptors,
{
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<crate::greeter::GreeterServer>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let router = Server::builder()
        .layer(layer)
        .add_service(greeter.server())
        .add_service(health)
        .add_service(reflection);
    testing::serve(router).start().await.unwrap()
}

/// All calls except those to the health service need the token.
fn exempting(log: &Log) -> InterceptorLayer<impl LayerInterceptors + use<>> {
    let auth = when(except_services([health_server::SERVICE_NAME]), Auth);
    InterceptorLayer::new((log.clone(), auth))
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

fn with_token<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", MetadataValue::from_static(TOKEN));
    request
}

/// Asks twice, and returns the number of services in the first answer.
async fn reflect(channel: Channel) -> usize {
    let ask = || ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = with_token(tokio_stream::iter([ask(), ask()]));
    let answers = ServerReflectionClient::new(channel).server_reflection_info(requests).await;
    let answers: Vec<_> = soon(answers.unwrap().into_inner().collect()).await;
    assert_eq!(answers.len(), 2);
    let first = answers.into_iter().next().unwrap().unwrap();
    match first.message_response {
        Some(MessageResponse::ListServicesResponse(list)) => list.service.len(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_token_check_exempts_health_and_one_log_sees_all_calls() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let server = serve(exempting(&log), &greeter).await;

    let mut health = HealthClient::new(server.channel());
    let status = soon(health.check(about("greeter.v1.Greeter"))).await.unwrap().into_inner();
    assert_eq!(status.status().as_str_name(), "SERVING");
    assert_eq!(log.take(), ["/grpc.health.v1.Health/Check Unknown: Ok, 1 in, 1 out"]);
    let unknown = soon(health.check(about("unheard.of"))).await.unwrap_err();
    assert_eq!((unknown.code(), unknown.message()), (Code::NotFound, "service not registered"));
    assert_eq!(log.take(), ["/grpc.health.v1.Health/Check Unknown: NotFound, 1 in, 0 out"]);

    let mut client = greeter_client(&server);
    for answer in call_each_on(&mut client, "Ada", &[]).await {
        assert_eq!(answer.status().code(), Code::Unauthenticated);
        assert_eq!(answer.status().message(), "who is there?");
    }
    assert_eq!(greeter.runs(), 0);
    let refused = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"]
        .map(|rpc| format!("/greeter.v1.Greeter/{rpc} Unknown: Unauthenticated, 0 in, 0 out"));
    assert_eq!(log.take(), refused);

    let answers = call_each_on(&mut client, "Ada", &[("authorization", TOKEN)]).await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
    assert_eq!(greeter.runs(), 4);
    assert_eq!(
        log.take(),
        [
            "/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out",
            "/greeter.v1.Greeter/GreetEverybody Unknown: Ok, 2 in, 1 out",
            "/greeter.v1.Greeter/GreetManyTimes Unknown: Ok, 1 in, 2 out",
            "/greeter.v1.Greeter/Chat Unknown: Ok, 2 in, 2 out",
        ]
    );

    assert_eq!(reflect(server.channel()).await, 2);
    assert_eq!(
        log.take(),
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo Unknown: Ok, 2 in, 2 out"]
    );
}

/// A health stream never ends by itself.
#[tokio::test]
async fn a_watcher_is_logged_when_it_disconnects() {
    let log = Log::default();
    let server = serve(exempting(&log), &Greeter::default()).await;
    let mut health = HealthClient::new(server.channel());
    let mut states = soon(health.watch(about(""))).await.unwrap().into_inner();
    soon(states.next()).await.unwrap().unwrap();
    assert!(log.take().is_empty());
    drop((states, health));
    server.shutdown().await;
    assert_eq!(log.take(), ["/grpc.health.v1.Health/Watch Unknown: Cancelled, 1 in, 1 out"]);
}

async fn call(server: &RunningServer, path: &str, token: bool) -> Answer {
    let mut request = request(&format!("http://somewhere{path}"), one());
    if token {
        set(&mut request, "authorization", TOKEN);
    }
    exchange(server.channel(), request).await
}

#[tokio::test]
async fn unimplemented_rpcs_are_seen_with_their_exact_names() {
    let log = Log::default();
    let server = serve(exempting(&log), &Greeter::default()).await;
    for path in [
        "/greeter.v1.Greeter/SayGoodbye",
        "/greeter.v1.Greeter/sayHello",
        "/greeter.v1.Greeter/SayHello/",
        "/greeter.v2.Greeter/SayHello",
        "/nobody.v1.Nobody/Call",
        "/nobody",
        "//nobody.v1.Nobody/Call",
        "/nobody.v1.Nobody/Call%20me",
    ] {
        // The token is checked before anyone knows that there is no such RPC.
        assert_eq!(call(&server, path, false).await.code(), Some("16"), "{path}");
        let end = "Unknown: Unauthenticated, 0 in, 0 out";
        assert_eq!(log.take(), [format!("{path} {end}")]);
        assert_eq!(call(&server, path, true).await.code(), Some("12"), "{path}");
        let [line]: [String; 1] = log.take().try_into().unwrap();
        assert!(line.starts_with(&format!("{path} Unknown: Unimplemented, ")), "{line}");
    }
    // The query isn't part of the name.
    assert_eq!(call(&server, "/nobody.v1.Nobody/Call?a=b", true).await.code(), Some("12"));
    assert!(log.take()[0].starts_with("/nobody.v1.Nobody/Call Unknown: Unimplemented"));
    // No RPC of the health service needs the token, but everything that merely resembles it does.
    for (path, code) in [
        ("/grpc.health.v1.Health/Nothing", "12"),
        ("/grpc.health.v1.Health/Check/", "16"),
        ("//grpc.health.v1.Health/Check", "16"),
        ("/grpc.health.v1.Health/", "12"),
        ("/grpc.health.v1.health/Check", "16"),
        ("/grpc.health.v1.Health/../greeter.v1.Greeter/SayHello", "16"),
        ("/x/grpc.health.v1.Health/Check", "16"),
    ] {
        assert_eq!(call(&server, path, false).await.code(), Some(code), "{path}");
    }
}

#[tokio::test]
async fn single_rpcs_can_be_exempted_by_name() {
    const CHECK: MethodName<'static> = match MethodName::parse("/grpc.health.v1.Health/Check") {
        Ok(name) => name,
        Err(_) => panic!("it is a name"),
    };
    let layer = InterceptorLayer::new(when(except([CHECK]), Auth));
    let server = serve(layer, &Greeter::default()).await;
    let mut health = HealthClient::new(server.channel());
    soon(health.check(about(""))).await.unwrap();
    assert_eq!(soon(health.watch(about(""))).await.unwrap_err().code(), Code::Unauthenticated);
    soon(health.watch(with_token(about("")))).await.unwrap();
}

fn greeter_client(server: &RunningServer) -> GreeterClient<Channel> {
    GreeterClient::new(server.channel())
}

/// One RPC of each kind, and one that doesn't exist.
async fn kinds<I>(layer: InterceptorLayer<I>, log: &Log) -> Vec<String>
where
    I: LayerInterceptors,
{
    let server = serve(layer, &Greeter::default()).await;
    let mut client = greeter_client(&server);
    call_each_on(&mut client, "Ada", &[]).await;
    soon(HealthClient::new(server.channel()).check(about(""))).await.unwrap();
    reflect(server.channel()).await;
    call(&server, "/greeter.v1.Greeter/SayGoodbye", true).await;
    let kinds = log.take().into_iter().map(|line| {
        let (head, _) = line.split_once(':').unwrap();
        head.rsplit_once('/').unwrap().1.to_owned()
    });
    kinds.collect()
}

#[tokio::test]
async fn kinds_are_known_from_the_descriptors() {
    let log = Log::default();
    let layer = || InterceptorLayer::new(log.clone());
    let unknown = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat", "Check"];
    let unknown = [&unknown[..], &["ServerReflectionInfo", "SayGoodbye"]].concat();
    let mut expected: Vec<_> = unknown.iter().map(|rpc| format!("{rpc} Unknown")).collect();
    assert_eq!(kinds(layer(), &log).await, expected);

    let of_the_greeter = ["Unary", "ClientStreaming", "ServerStreaming", "Bidirectional"];
    for (line, kind) in expected.iter_mut().zip(of_the_greeter) {
        *line = line.replace("Unknown", kind);
    }
    assert_eq!(kinds(layer().descriptors(FILE_DESCRIPTOR_SET), &log).await, expected);
    // The constant in generated code with the attribute.
    assert_eq!(kinds(layer().methods(greeter_server::METHODS), &log).await, expected);

    expected[4] = "Check Unary".to_owned();
    expected[5] = "ServerReflectionInfo Bidirectional".to_owned();
    let all = layer()
        .descriptors(FILE_DESCRIPTOR_SET)
        .descriptors(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .descriptors(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET);
    assert_eq!(kinds(all, &log).await, expected);
}

#[tokio::test]
async fn an_interceptor_can_decide_by_a_known_kind() {
    let only_unary = when(|context| context.kind() != RpcKind::Unary, crate::interceptors::Refuse);
    let layer = InterceptorLayer::new(only_unary).descriptors(FILE_DESCRIPTOR_SET);
    let greeter = Greeter::default();
    let server = serve(layer, &greeter).await;
    let answers = call_each_on(&mut greeter_client(&server), "Ada", &[]).await;
    assert!(answers[0].result.is_ok());
    for answer in &answers[1..] {
        assert_eq!(answer.status().code(), Code::PermissionDenied);
    }
    assert_eq!(greeter.runs(), 1);
}

#[test]
#[should_panic(expected = "it is an encoded `FileDescriptorSet`")]
fn invalid_descriptors_are_rejected() {
    let _ = InterceptorLayer::new(()).descriptors(b"not descriptors");
}
