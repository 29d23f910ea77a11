//! A chain of sixteen interceptors of all kinds compiles without a `recursion_limit`, on every kind
//! of RPC and in every form, and runs in order.

mod support;

use std::sync::Arc;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::{
    default_stubs::greeter_server, greeter::greeter_server::GreeterServerInterceptors,
};
use support::{
    GreeterInterceptors, GreeterServer, HelloReply, HelloRequest, Tag, call_each,
    call_each_through, connect, greeter, hello, plain_answers, tag, values,
};
use tonic::{Request, Response, Status, metadata::MetadataValue, transport::Channel};

/// Awaits another async fn that runs the rest of the chain.
async fn by_fn<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    tag("fn", request, next).await
}

struct Mixed {
    field: Tag,
    option: Option<Tag>,
    shared: Arc<Tag>,
}

greeter!(
    Mixed,
    [
        by_fn,
        self.field,
        Tag("made 0"),
        self.option,
        Some(Tag("made 1")),
        self.shared,
        by_fn,
        Tag("made 2"),
        by_fn,
        self.field,
        Tag("made 3"),
        self.option,
        Some(Tag("made 4")),
        self.shared,
        by_fn,
        Tag("made 5"),
    ]
);

const TAGS: [&str; 16] = [
    "fn", "field", "made 0", "option", "made 1", "shared", "fn", "made 2", //
    "fn", "field", "made 3", "option", "made 4", "shared", "fn", "made 5",
];

#[tokio::test]
async fn sixteen_interceptors_run_in_order() {
    let service =
        Mixed { field: Tag("field"), option: Some(Tag("option")), shared: Arc::new(Tag("shared")) };
    let mut client = connect(GreeterServer::new(service)).await;
    for (answer, plain) in call_each(&mut client, "you").await.iter().zip(plain_answers("you")) {
        assert_eq!(answer.values("seen"), TAGS, "{:?}", answer.kind);
        let back: Vec<_> = TAGS.into_iter().rev().collect();
        assert_eq!(answer.values("from-handler"), back, "{:?}", answer.kind);
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
}

struct Plain;

greeter!(Plain, []);

/// Adds its name to the request.
struct Direct(&'static str);

impl<N: Next> Interceptor<N> for Direct {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.metadata_mut().append("to-handler", MetadataValue::from_static(self.0));
        next.run(request).await
    }
}

fn sixteen() -> impl GreeterInterceptors<Channel> + GreeterServerInterceptors<Plain> {
    let four = || (Direct("one"), Direct("two"), Direct("three"), Direct("four"));
    (four(), four(), four(), four())
}

#[tokio::test]
async fn sixteen_run_in_with_interceptors_on_both_sides() {
    let client = connect(GreeterServer::with_interceptors(Plain, sixteen())).await;
    let tags = ["one", "two", "three", "four"].repeat(8);
    for answer in call_each_through(&mut client.through(sixteen()), "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
    }
}

/// The compiler knows its futures only once `T` is known.
struct Generic<T> {
    field: T,
}

#[intercepted(
    by_fn,
    Tag("made 0"),
    Some(Tag("made 1")),
    by_fn,
    Tag("made 2"),
    Some(Tag("made 3")),
    by_fn,
    Tag("made 4"),
    Some(Tag("made 5")),
    by_fn,
    Tag("made 6"),
    Some(Tag("made 7")),
    by_fn,
    Tag("made 8"),
    Some(Tag("made 9")),
    by_fn
)]
impl<T: ToString + Send + Sync + 'static> greeter_server::Greeter for Generic<T> {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        assert_eq!(self.field.to_string(), request.get_ref().name);
        support::say_hello(request).await
    }
}

#[tokio::test]
async fn they_run_in_a_generic_impl() {
    let service = greeter_server::GreeterServer::new(Generic { field: "you" });
    let mut client = connect(service).await;
    let response = client.say_hello(hello("you")).await.expect("you are greeted");
    assert_eq!(values(response.metadata(), "seen").len(), 16);
}

/// What custom interceptors do to the rest of a call.
mod around_the_rest {
    use std::sync::Mutex;

    use grpc_interceptor::{Context, Next, Outcome, interceptor, interceptors::CatchPanic};
    use tonic::Request;

    use super::{GreeterServer, call_each, call_each_through, connect, greeter, plain_answers};

    static ENDS: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    #[interceptor]
    async fn ended<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
        let name = context.method_name();
        let note = move |_: &grpc_interceptor::CallEnd<'_>| {
            ENDS.lock().expect("it isn't poisoned").push(name.method());
        };
        next.on_call_end(note).run(request).await
    }

    #[interceptor]
    async fn scoped<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.in_scope(|run: &mut dyn FnMut()| run()).run(request).await
    }

    #[interceptor]
    async fn timed<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run_in_time(request).await
    }

    const CATCH: CatchPanic = CatchPanic::new();

    struct Ended;
    greeter!(
        Ended,
        [
            ended, ended, ended, ended, ended, ended, ended, ended, //
            ended, ended, ended, ended, ended, ended, ended, ended,
        ]
    );

    struct Scoped;
    greeter!(
        Scoped,
        [
            scoped, scoped, scoped, scoped, scoped, scoped, scoped, scoped, //
            scoped, scoped, scoped, scoped, scoped, scoped, scoped, scoped,
        ]
    );

    struct Timed;
    greeter!(
        Timed,
        [
            timed, timed, timed, timed, timed, timed, timed, timed, //
            timed, timed, timed, timed, timed, timed, timed, timed,
        ]
    );

    struct Plain;
    greeter!(Plain, []);

    macro_rules! sixteen {
        ($interceptor:expr) => {
            (
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor, //
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor, //
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor, //
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor,
            )
        };
    }

    macro_rules! twelve {
        ($interceptor:expr) => {
            (
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor, //
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor, //
                $interceptor,
                $interceptor,
                $interceptor,
                $interceptor,
            )
        };
    }

    macro_rules! assert_answers {
        ($call:expr) => {
            for (answer, plain) in $call.into_iter().zip(plain_answers("Ada")) {
                assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
            }
        };
    }

    #[tokio::test]
    async fn sixteen_in_an_attribute() {
        assert_answers!(call_each(&mut connect(GreeterServer::new(Ended)).await, "Ada").await);
        assert_answers!(call_each(&mut connect(GreeterServer::new(Scoped)).await, "Ada").await);
        assert_answers!(call_each(&mut connect(GreeterServer::new(Timed)).await, "Ada").await);
    }

    #[tokio::test]
    async fn sixteen_in_with_interceptors() {
        macro_rules! check {
            ($interceptor:expr) => {
                let server = GreeterServer::with_interceptors(Plain, sixteen!($interceptor));
                assert_answers!(call_each(&mut connect(server).await, "Ada").await);
            };
        }
        check!(ended);
        check!(scoped);
        check!(timed);
        check!(CATCH);
    }

    #[tokio::test]
    async fn twelve_on_a_client() {
        let server = connect(GreeterServer::new(Plain)).await;
        macro_rules! check {
            ($interceptor:expr) => {
                let mut client = server.through(twelve!($interceptor));
                assert_answers!(call_each_through(&mut client, "Ada").await);
            };
        }
        check!(ended);
        check!(scoped);
        check!(timed);
        check!(CATCH);
    }
}
