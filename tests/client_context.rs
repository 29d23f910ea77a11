//! What the context tells a client interceptor: the RPC's name as on the wire, its kind, the side,
//! and the deadline. The same interceptor works on both sides of a call.

mod support;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, MethodName, Next, Outcome, RpcKind, Side, interceptor,
};
use grpc_interceptor_proto::bare::{Word, bare_client::BareClient};
use support::{
    GreeterServer, KINDS, NOBODY, call_each_through, connect, events, greeter, hello, next, soon,
    tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Request, Status};

const PATHS: [&str; 4] = [
    "/greeter.v1.Greeter/SayHello",
    "/greeter.v1.Greeter/GreetEverybody",
    "/greeter.v1.Greeter/GreetManyTimes",
    "/greeter.v1.Greeter/Chat",
];

/// Reports each call.
struct Spy(UnboundedSender<Context>);

impl<N: Next> Interceptor<N> for Spy {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        tell(&self.0, context);
        next.run(request).await
    }
}

struct Plain;

greeter!(Plain, []);

struct Watched {
    spy: Spy,
}

greeter!(Watched, [self.spy]);

#[tokio::test]
async fn name_and_kind_match_the_wire() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, mut contexts) = events();
    call_each_through(&mut server.through(Spy(sender)), "you").await;
    for (path, kind) in PATHS.into_iter().zip(KINDS) {
        let context = next(&mut contexts).await;
        assert_eq!(context.method_name().path(), path);
        assert_eq!(Ok(context.method_name()), MethodName::parse(path).map_err(drop));
        assert_eq!(context.method_name().fully_qualified_service(), "greeter.v1.Greeter");
        assert_eq!((context.kind(), context.side()), (kind, Side::Client), "{path}");
        assert_eq!((context.deadline(), context.time_remaining()), (None, None), "{path}");
    }
}

/// Every client and server has its own names: this server has no such service.
#[tokio::test]
async fn a_service_without_a_package_has_its_name_on_the_wire() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, mut contexts) = events();
    let mut client = BareClient::with_interceptors(server.channel(), Spy(sender));
    let status = soon(client.call(Word::default())).await;
    assert_eq!(status.expect_err("there is no such service").code(), Code::Unimplemented);
    let context = next(&mut contexts).await;
    assert_eq!(context.method_name().path(), "/Bare/Call");
    assert_eq!((context.kind(), context.side()), (RpcKind::Unary, Side::Client));
}

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// For any RPC, on either side.
#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let outcome = next.run(request).await;
    let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
    let line = format!("{:?} {} -> {code:?}", context.side(), context.method_name());
    LOG.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    outcome
}

struct Logged;

greeter!(Logged, [log]);

#[tokio::test]
async fn the_same_interceptor_works_on_both_sides_of_a_call() {
    let server = connect(GreeterServer::new(Logged)).await;
    let mut client = server.through(log);
    let lines = || std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner));
    call_each_through(&mut client, "you").await;
    let expected =
        PATHS.map(|path| [format!("Server {path} -> Ok"), format!("Client {path} -> Ok")]);
    assert_eq!(lines(), expected.concat());
    soon(client.say_hello(hello(NOBODY))).await.expect_err("no one is greeted");
    let expected = ["Server", "Client"].map(|side| format!("{side} {} -> NotFound", PATHS[0]));
    assert_eq!(lines(), expected);
}

const AN_HOUR: Duration = Duration::from_secs(3600);

/// Sets a timeout.
struct Timeout(Duration);

impl<N: Next> Interceptor<N> for Timeout {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.set_timeout(self.0);
        next.run(request).await
    }
}

#[tokio::test]
async fn the_server_sees_the_deadline_that_an_interceptor_sets() {
    let (sender, mut contexts) = events();
    let server = connect(GreeterServer::new(Watched { spy: Spy(sender) })).await;
    call_each_through(&mut server.through(Timeout(AN_HOUR)), "you").await;
    for kind in KINDS {
        let context = next(&mut contexts).await;
        assert_eq!((context.side(), context.kind()), (Side::Server, kind));
        let remaining = context.time_remaining().expect("there is a deadline");
        // The test itself takes far less than an hour.
        assert!(remaining > AN_HOUR / 2 && remaining <= AN_HOUR, "{remaining:?}");
    }
}

#[tokio::test]
async fn an_interceptor_sees_the_deadline_that_the_caller_sets() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, mut contexts) = events();
    let mut request = Request::new(hello("you"));
    request.set_timeout(AN_HOUR);
    soon(server.through(Spy(sender)).say_hello(request)).await.expect("you are greeted");
    let context = next(&mut contexts).await;
    assert_eq!(context.side(), Side::Client);
    let remaining = context.time_remaining().expect("there is a deadline");
    assert!(remaining > AN_HOUR / 2 && remaining <= AN_HOUR, "{remaining:?}");
}

/// Never answers.
#[interceptor]
async fn never<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    std::future::pending().await
}

struct Slow;

greeter!(Slow, [never]);

#[tokio::test]
async fn a_call_whose_deadline_passes_fails() {
    let server = connect(GreeterServer::new(Slow)).await;
    let mut client = server.through(Timeout(Duration::from_millis(50)));
    for answer in call_each_through(&mut client, "you").await {
        let (kind, code) = (answer.kind, answer.status().code());
        // Either side can be the first to notice.
        assert!(matches!(code, Code::DeadlineExceeded | Code::Cancelled), "{kind:?}: {code:?}");
    }
}
