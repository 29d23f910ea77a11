//! Interceptors for some calls only: by method, by service, by kind, by side.

mod support;

use grpc_interceptor::{
    Context, Next, Outcome, RpcKind, Side, intercepted,
    interceptors::{List, except, except_services, only, services, when},
};
use grpc_interceptor_proto::default_stubs;
use support::{
    GreeterServer, HelloReply, HelloRequest, Tag, call_each, call_each_through, connect, greeter,
};
use tonic::{Request, Response, Status};

struct Plain;

greeter!(Plain, []);

/// For each kind of RPC, whether an interceptor passed to `with_interceptors` runs.
async fn runs<I>(interceptor: I) -> [bool; 4]
where
    I: grpc_interceptor_proto::greeter::greeter_server::GreeterServerInterceptors<Plain>,
{
    let mut client = connect(GreeterServer::with_interceptors(Plain, interceptor)).await;
    call_each(&mut client, "Ada").await.map(|answer| !answer.values("seen").is_empty())
}

/// The generated constants select the RPCs, on a server and on a client.
#[tokio::test]
async fn by_the_names_of_rpcs_and_services() {
    use grpc_interceptor_proto::greeter::{
        greeter_client,
        greeter_server::{SERVICE_NAME, methods},
    };

    assert_eq!(methods::GREET_MANY_TIMES.path(), "/greeter.v1.Greeter/GreetManyTimes");
    assert_eq!(methods::CHAT, greeter_client::methods::CHAT);
    let two = when(only([methods::SAY_HELLO, methods::CHAT]), Tag("two"));
    assert_eq!(runs(two).await, [true, false, false, true]);
    let others = when(except([methods::SAY_HELLO, methods::CHAT]), Tag("others"));
    assert_eq!(runs(others).await, [false, true, true, false]);
    assert_eq!(runs(when(services([SERVICE_NAME]), Tag("all"))).await, [true; 4]);
    assert_eq!(runs(when(services(["grpc.health.v1.Health"]), Tag("none"))).await, [false; 4]);
    assert_eq!(runs(when(except_services([SERVICE_NAME]), Tag("none"))).await, [false; 4]);
    let not_health = except_services(["grpc.health.v1.Health"]);
    assert_eq!(runs(when(not_health, Tag("all"))).await, [true; 4]);
}

#[tokio::test]
async fn it_runs_if_the_predicate_matches() {
    let names = ["/greeter.v1.Greeter/SayHello", "/greeter.v1.Greeter/Chat"];
    let only_two =
        when(move |context| names.contains(&context.method_name().path()), Tag("only two"));
    assert_eq!(runs(only_two).await, [true, false, false, true]);

    let unary = when(|context| context.kind() == RpcKind::Unary, Tag("unary"));
    assert_eq!(runs(unary).await, [true, false, false, false]);

    let health = |context: &Context| {
        context.method_name().fully_qualified_service() == "grpc.health.v1.Health"
    };
    assert_eq!(runs(when(health, Tag("health"))).await, [false; 4]);
    assert_eq!(runs(when(move |context| !health(context), Tag("others"))).await, [true; 4]);

    let nested = when(
        |context| context.kind().is_server_streaming(),
        (when(|context| context.kind().is_client_streaming(), Tag("both")),),
    );
    assert_eq!(runs(nested).await, [false, false, false, true]);
    let listed = List::from_iter([when(|context| context.kind() == RpcKind::Unary, Tag("listed"))]);
    assert_eq!(runs(listed).await, [true, false, false, false]);
}

#[tokio::test]
async fn it_runs_on_clients() {
    let client = connect(GreeterServer::new(Plain)).await;
    let on_clients = when(
        |context| context.side() == Side::Client && context.method_name().method() == "Chat",
        Tag("client"),
    );
    let answers = call_each_through(&mut client.through(on_clients), "Ada").await;
    let seen = answers.map(|answer| answer.values("seen").len());
    assert_eq!(seen, [0, 0, 0, 1]);
}

async fn refuse<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::permission_denied("refused"))
}

struct InTheAttribute;

#[intercepted(
    when(|context| context.kind() == RpcKind::ServerStreaming, refuse),
    when(|context| context.method_name().method() == "SayHello", Tag("unary")),
)]
impl default_stubs::greeter_server::Greeter for InTheAttribute {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        support::say_hello(request).await
    }

    async fn greet_many_times(
        &self,
        request: Request<support::GreetManyTimesRequest>,
    ) -> Result<Response<support::BoxStream<HelloReply>>, Status> {
        support::greet_many_times(request).await
    }
}

#[tokio::test]
async fn it_works_in_the_attribute() {
    let server = default_stubs::greeter_server::GreeterServer::new(InTheAttribute);
    let [unary, _, server_streaming, _] = call_each(&mut connect(server).await, "Ada").await;
    assert_eq!(unary.values("seen"), ["unary"]);
    assert_eq!(server_streaming.status().message(), "refused");
}
