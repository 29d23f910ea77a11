//! Interceptors passed to a server's `with_interceptors`: around plain tonic handlers of every kind
//! of RPC, with every form of service that tonic generates, and with all server settings.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{
    Context, Error, Intercepted, Interceptor, Next, Outcome, Payload as _, RpcKind, Side,
    interceptor, interceptors::CatchPanic,
};
use grpc_interceptor_proto::{
    arc_self, default_stubs,
    greeter::greeter_server::{Greeter, GreeterServerInterceptors},
};
use support::{
    BoxStream, Client, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, KINDS,
    NOBODY, Tag, call_each, connect, greeter, hello, plain_answers, tag,
};
use tonic::{
    Code, Request, Response, Status, Streaming, codec::CompressionEncoding, server::NamedService,
};

/// What a tonic user writes for a generated trait. Counts its calls.
macro_rules! plain {
    ($greeter:ident, $service_trait:path, $this:ident, [$($receiver:tt)*]) => {
        #[derive(Default)]
        struct $greeter {
            calls: AtomicUsize,
        }

        impl $greeter {
            fn calls(&self) -> usize {
                self.calls.load(Ordering::Relaxed)
            }
        }

        #[tonic::async_trait]
        impl $service_trait for $greeter {
            async fn say_hello(
                $($receiver)*,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                $this.calls.fetch_add(1, Ordering::Relaxed);
                support::say_hello(request).await
            }

            async fn greet_everybody(
                $($receiver)*,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                $this.calls.fetch_add(1, Ordering::Relaxed);
                support::greet_everybody(request).await
            }

            type GreetManyTimesStream = BoxStream<HelloReply>;

            async fn greet_many_times(
                $($receiver)*,
                request: Request<GreetManyTimesRequest>,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                $this.calls.fetch_add(1, Ordering::Relaxed);
                support::greet_many_times(request).await
            }

            type ChatStream = BoxStream<HelloReply>;

            async fn chat(
                $($receiver)*,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::ChatStream>, Status> {
                $this.calls.fetch_add(1, Ordering::Relaxed);
                support::chat(request).await
            }
        }
    };
}

plain!(Plain, Greeter, self, [&self]);
plain!(PlainInArc, arc_self::greeter_server::Greeter, self, [self: Arc<Self>]);

/// Records what it sees.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, RpcKind, Side)>>>);

impl<N: Next> Interceptor<N> for Seen {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let name = context.method_name().to_string();
        self.0.lock().unwrap().push((name, context.kind(), context.side()));
        next.run(request).await
    }
}

#[interceptor]
async fn by_fn<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    tag("fn", request, next).await
}

/// For any RPC with these responses.
struct Louder;

impl<N: Next<ResponseMessage = HelloReply>> Interceptor<N> for Louder {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        Ok(response.map(|replies| {
            replies.map_messages(|HelloReply { message }| HelloReply { message: message + "!" })
        }))
    }
}

#[tokio::test]
async fn every_kind_of_rpc_passes_them_in_order() {
    let seen = Seen::default();
    let interceptors =
        (seen.clone(), Tag("tuple"), Some(Tag("option")), None::<Tag>, Arc::new(by_fn), Louder);
    let mut client =
        connect(GreeterServer::with_interceptors(Plain::default(), interceptors)).await;

    let answers = call_each(&mut client, "Ada").await;
    for (answer, plain) in answers.iter().zip(plain_answers("Ada")) {
        let louder: Vec<String> = plain.iter().map(|message| format!("{message}!")).collect();
        assert_eq!(answer.messages(), louder);
        assert_eq!(answer.values("seen"), ["tuple", "option", "fn"], "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), ["fn", "option", "tuple"], "{:?}", answer.kind);
    }
    for answer in call_each(&mut client, NOBODY).await {
        assert_eq!(answer.status().code(), Code::NotFound, "{:?}", answer.kind);
    }

    let names = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"];
    let expected: Vec<_> = names
        .iter()
        .zip(KINDS)
        .map(|(name, kind)| (format!("/greeter.v1.Greeter/{name}"), kind, Side::Server))
        .collect();
    assert_eq!(*seen.0.lock().unwrap(), [expected.clone(), expected].concat());
}

struct Inside {
    tag: Tag,
}

greeter!(Inside, [self.tag]);

#[tokio::test]
async fn they_run_before_those_of_the_attribute() {
    let inside = Inside { tag: Tag("on the impl") };
    let server = GreeterServer::with_interceptors(inside, (Tag("at creation"), ()));
    for answer in call_each(&mut connect(server).await, "Ada").await {
        assert_eq!(answer.values("seen"), ["at creation", "on the impl"], "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn a_service_can_take_self_as_an_arc() {
    let server = arc_self::greeter_server::GreeterServer::with_interceptors(
        PlainInArc::default(),
        Tag("one"),
    );
    for (answer, plain) in
        call_each(&mut connect(server).await, "Ada").await.iter().zip(plain_answers("Ada"))
    {
        assert_eq!(answer.messages(), plain);
        assert_eq!(answer.values("seen"), ["one"]);
    }
}

struct Stub;

#[tonic::async_trait]
impl default_stubs::greeter_server::Greeter for Stub {
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        support::greet_many_times(request).await
    }
}

#[tokio::test]
async fn a_service_can_have_default_stubs() {
    let server = default_stubs::greeter_server::GreeterServer::with_interceptors(Stub, Louder);
    let mut client = connect(server).await;
    let [unary, client_streaming, server_streaming, bidirectional] =
        call_each(&mut client, "Ada").await;
    assert_eq!(server_streaming.messages(), ["Hello Ada 0!", "Hello Ada 1!"]);
    for answer in [unary, client_streaming, bidirectional] {
        assert_eq!(answer.status().code(), Code::Unimplemented, "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn the_server_has_tonics_settings() {
    let server = GreeterServer::with_interceptors(Plain::default(), Tag("one"))
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(1000)
        .max_encoding_message_size(2000);
    let mut client = connect(server).await;
    let mut compressing = client
        .connect_again()
        .await
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip);
    let response = compressing.say_hello(hello("Ada")).await.unwrap();
    assert_eq!(response.metadata().get("grpc-encoding").unwrap(), "gzip");

    for (length, code) in [(1001, Code::OutOfRange), (990, Code::Ok)] {
        let outcome = client.say_hello(hello(&"a".repeat(length))).await;
        assert_eq!(outcome.map_or_else(|status| status.code(), |_| Code::Ok), code);
    }

    fn name<S: NamedService>(_: &S) -> &'static str {
        S::NAME
    }
    let server = GreeterServer::with_interceptors(Plain::default(), ());
    assert_eq!(name(&server), "greeter.v1.Greeter");
}

/// Returns the names that interceptors left on the way to the handler.
async fn seen_by(client: &mut Client) -> Vec<String> {
    let response = client.say_hello(hello("Ada")).await.unwrap();
    support::values(response.metadata(), "seen").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_service_can_be_shared_between_servers() {
    let shared = Arc::new(Plain::default());
    // The type is the same, whether the service is shared or not, for all interceptors.
    let servers: [GreeterServer<Intercepted<Plain, dyn GreeterServerInterceptors<Plain>>>; 3] = [
        GreeterServer::with_interceptors_from_arc(shared.clone(), Tag("one")),
        GreeterServer::with_interceptors_from_arc(shared.clone(), (Tag("two"), by_fn)),
        GreeterServer::with_interceptors(Plain::default(), ()),
    ];
    let expected = [vec!["one"], vec!["two", "fn"], vec![]];
    for (server, expected) in servers.into_iter().zip(expected) {
        let mut client = connect(server).await;
        for (answer, plain) in call_each(&mut client, "Ada").await.iter().zip(plain_answers("Ada"))
        {
            assert_eq!(answer.messages(), plain);
            assert_eq!(answer.values("seen"), expected, "{:?}", answer.kind);
        }
    }
    let of_two_servers = 2 * KINDS.len();
    assert_eq!(shared.calls(), of_two_servers);
}

#[tokio::test]
async fn a_shared_service_can_take_self_as_an_arc() {
    let shared = Arc::new(PlainInArc::default());
    for tag in ["one", "two"] {
        let server = arc_self::greeter_server::GreeterServer::with_interceptors_from_arc(
            shared.clone(),
            Tag(tag),
        );
        let mut client = connect(server).await;
        for (answer, plain) in call_each(&mut client, "Ada").await.iter().zip(plain_answers("Ada"))
        {
            assert_eq!(answer.messages(), plain);
            assert_eq!(answer.values("seen"), [tag], "{:?}", answer.kind);
        }
    }
    assert_eq!(shared.calls(), 2 * KINDS.len());
}

#[tokio::test]
async fn an_intercepted_service_can_be_created_separately() {
    let shared = Arc::new(Plain::default());
    let intercepted = Intercepted::from_arc(shared.clone(), Tag("one"));
    let mut client = connect(GreeterServer::new(intercepted)).await;
    assert_eq!(seen_by(&mut client).await, ["one"]);

    let in_arc = Arc::new(Intercepted::new(Plain::default(), Tag("two")));
    let mut client = connect(GreeterServer::from_arc(in_arc)).await;
    assert_eq!(seen_by(&mut client).await, ["two"]);

    let mut client = connect(GreeterServer::from_arc(shared)).await;
    assert_eq!(seen_by(&mut client).await, [] as [&str; 0]);
}

/// Fails with a domain error, or panics.
struct Failing;

#[tonic::async_trait]
impl default_stubs::greeter_server::Greeter for Failing {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        match request.get_ref().name.as_str() {
            "panic" => panic!("on purpose"),
            _ => Err(Error::not_found("gone").into()),
        }
    }
}

#[tokio::test]
async fn errors_and_panics_are_seen() {
    let server = default_stubs::greeter_server::GreeterServer::with_interceptors(
        Failing,
        (Tag("outside"), CatchPanic::new()),
    );
    let mut client = connect(server).await;
    for (name, code) in [("panic", Code::Internal), ("other", Code::NotFound)] {
        let status = client.say_hello(hello(name)).await.unwrap_err();
        assert_eq!(status.code(), code);
        assert_eq!(support::values(status.metadata(), "from-handler"), ["outside"]);
    }
}

/// Names the bounds, so that a server can be created in generic code.
fn server<T, I>(
    service: T,
    interceptors: I,
) -> GreeterServer<Intercepted<T, dyn GreeterServerInterceptors<T>>>
where
    T: Greeter,
    I: GreeterServerInterceptors<T>,
    (Tag, I): GreeterServerInterceptors<T>,
{
    GreeterServer::with_interceptors(service, (Tag("generic"), interceptors))
}

#[tokio::test]
async fn a_server_can_be_created_in_generic_code() {
    let mut client = connect(server(Plain::default(), by_fn)).await;
    assert_eq!(seen_by(&mut client).await, ["generic", "fn"]);
}
