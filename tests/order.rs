//! The first interceptor listed is the outermost: it sees the request first and the outcome last,
//! no matter how it is written.

mod support;

use std::sync::Arc;

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use support::{GreeterServer, KINDS, NOBODY, Tag, call_each, connect, greeter, plain_answers, tag};
use tonic::{Code, Request};

async fn by_fn<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    tag("fn", request, next).await
}

mod elsewhere {
    use super::{Context, Next, Outcome, Request, tag};

    pub(super) async fn by_fn<N: Next>(
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> Outcome<N> {
        tag("fn elsewhere", request, next).await
    }
}

struct Unit;

impl<N: Next> Interceptor<N> for Unit {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tag("unit struct", request, next).await
    }
}

const CONST: Tag = Tag("const");
static STATIC: Tag = Tag("static");

struct MyGreeter {
    field: Tag,
    nested: Nested,
}

struct Nested {
    field: Tag,
}

impl MyGreeter {
    fn made(&self) -> Tag {
        Tag("made by a method")
    }
}

greeter!(
    MyGreeter,
    [
        by_fn,
        self.field,
        Unit,
        CONST,
        self.nested.field,
        elsewhere::by_fn,
        STATIC,
        self.made(),
        Tag("made in place"),
        by_fn,
    ]
);

fn my_greeter() -> GreeterServer<MyGreeter> {
    GreeterServer::new(MyGreeter {
        field: Tag("field"),
        nested: Nested { field: Tag("nested field") },
    })
}

/// In the order in which they are listed.
const TAGS: [&str; 10] = [
    "fn",
    "field",
    "unit struct",
    "const",
    "nested field",
    "fn elsewhere",
    "static",
    "made by a method",
    "made in place",
    "fn",
];

fn inside_out(tags: &[&'static str]) -> Vec<&'static str> {
    tags.iter().copied().rev().collect()
}

#[tokio::test]
async fn the_first_interceptor_sees_the_request_first_and_the_response_last() {
    let mut client = connect(my_greeter()).await;
    for (answer, plain) in call_each(&mut client, "you").await.iter().zip(plain_answers("you")) {
        assert_eq!(answer.values("seen"), TAGS, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&TAGS), "{:?}", answer.kind);
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn a_status_reaches_the_first_interceptor_last() {
    let mut client = connect(my_greeter()).await;
    for answer in call_each(&mut client, NOBODY).await {
        assert_eq!(answer.status().code(), Code::NotFound, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&TAGS), "{:?}", answer.kind);
    }
}

/// Values that are named like fns, and fns with unusual names.
mod named_otherwise {
    use std::future::Future;

    use grpc_interceptor::interceptor;

    use super::{Context, Next, Outcome, Request, Tag, tag};

    #[allow(non_upper_case_globals)]
    pub(super) const a_const: Tag = Tag("const");
    #[allow(non_upper_case_globals)]
    pub(super) static a_static: Tag = Tag("static");

    #[interceptor]
    pub(super) async fn value<N: Next>(
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> Outcome<N> {
        tag("value", request, next).await
    }

    #[allow(non_snake_case)]
    pub(super) async fn CamelCase<N: Next>(
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> Outcome<N> {
        tag("camel case", request, next).await
    }

    pub(super) fn not_async<N: Next>(
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        tag("not async", request, next)
    }
}
use named_otherwise::{CamelCase, a_const, value};

struct NamedOtherwise;

greeter!(
    NamedOtherwise,
    [
        a_const,
        named_otherwise::a_static,
        value,
        CamelCase,
        named_otherwise::value,
        named_otherwise::not_async,
        (value, a_const)
    ]
);

#[tokio::test]
async fn an_interceptors_name_doesnt_matter() {
    let tags = ["const", "static", "value", "camel case", "value", "not async", "value", "const"];
    let mut client = connect(GreeterServer::new(NamedOtherwise)).await;
    for answer in call_each(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

struct Tuples {
    tuple: (Tag, (Tag, Tag)),
}

greeter!(Tuples, [(by_fn, Tag("in a tuple"), Unit), self.tuple, CONST]);

#[tokio::test]
async fn a_tuple_runs_in_order() {
    let tuple = (Tag("tuple 0"), (Tag("tuple 1 0"), Tag("tuple 1 1")));
    let mut client = connect(GreeterServer::new(Tuples { tuple })).await;
    let tags = ["fn", "in a tuple", "unit struct", "tuple 0", "tuple 1 0", "tuple 1 1", "const"];
    for answer in call_each(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

struct Wrapped {
    shared: Arc<Tag>,
    some: Option<Tag>,
    none: Option<Tag>,
    nothing: (),
}

greeter!(Wrapped, [Some(Tag("in Some")), self.none, self.shared, self.nothing, self.some, by_fn]);

#[tokio::test]
async fn options_and_arcs_run_in_order() {
    let mut client = connect(GreeterServer::new(Wrapped {
        shared: Arc::new(Tag("in an Arc")),
        some: Some(Tag("in an Option")),
        none: None,
        nothing: (),
    }))
    .await;
    let tags = ["in Some", "in an Arc", "in an Option", "fn"];
    for answer in call_each(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

/// The list is empty: only the handlers run.
struct Alone;

greeter!(Alone, []);

#[tokio::test]
async fn an_empty_chain_is_only_the_handler() {
    let mut client = connect(GreeterServer::new(Alone)).await;
    for (answer, plain) in call_each(&mut client, "you").await.iter().zip(plain_answers("you")) {
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), [""; 0], "{:?}", answer.kind);
    }
}

/// Has interceptors on single RPCs only.
struct PerRpc {
    outer: Tag,
}

greeter!(
    PerRpc,
    [self.outer, STATIC],
    [Tag("unary"), by_fn],
    [Tag("client streaming")],
    [Tag("server streaming")],
    []
);

#[tokio::test]
async fn interceptors_of_one_rpc_run_inside_those_of_the_impl() {
    let mut client = connect(GreeterServer::new(PerRpc { outer: Tag("outer") })).await;
    let seen = [
        vec!["outer", "static", "unary", "fn"],
        vec!["outer", "static", "client streaming"],
        vec!["outer", "static", "server streaming"],
        vec!["outer", "static"],
    ];
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.kind), KINDS);
    assert_eq!(answers.each_ref().map(|answer| answer.values("seen")), seen);
}
