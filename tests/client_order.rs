//! Client interceptors add metadata to calls. The first one listed is the outermost: it sees the
//! request first and the outcome last.

mod support;

use std::sync::Arc;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, interceptor};
use support::{
    GreeterServer, KINDS, NOBODY, Tag, call_each_through, connect, greeter, plain_answers, tag,
};
use tonic::{Code, Request, metadata::MetadataValue};

#[interceptor]
async fn by_fn<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    tag("fn", request, next).await
}

/// Handlers that return the tags they received as `seen`.
struct Plain;

greeter!(Plain, []);

fn inside_out(tags: &[&'static str]) -> Vec<&'static str> {
    tags.iter().copied().rev().collect()
}

#[tokio::test]
async fn metadata_from_an_interceptor_reaches_the_server() {
    let server = connect(GreeterServer::new(Plain)).await;
    let answers = call_each_through(&mut server.through(by_fn), "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.kind), KINDS);
    for (answer, plain) in answers.iter().zip(plain_answers("you")) {
        assert_eq!(answer.values("seen"), ["fn"], "{:?}", answer.kind);
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn a_tuple_runs_in_order() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through((Tag("first"), by_fn, Tag("third"), Tag("last")));
    let tags = ["first", "fn", "third", "last"];
    for answer in call_each_through(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn a_status_reaches_the_first_interceptor_last() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through((Tag("first"), by_fn, Tag("last")));
    for answer in call_each_through(&mut client, NOBODY).await {
        assert_eq!(answer.status().code(), Code::NotFound, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), ["last", "fn", "first"], "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn nested_tuples_run_in_order() {
    let server = connect(GreeterServer::new(Plain)).await;
    let nested = (Tag("1 0"), (Tag("1 1 0"), Tag("1 1 1")), ());
    let mut client = server.through((Tag("0"), nested, (by_fn,)));
    let tags = ["0", "1 0", "1 1 0", "1 1 1", "fn"];
    for answer in call_each_through(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn options_and_arcs_run_in_order() {
    let server = connect(GreeterServer::new(Plain)).await;
    let shared = Arc::new((Tag("in an Arc"), Some(by_fn)));
    let mut client =
        server.through((Some(Tag("in Some")), None::<Tag>, Arc::clone(&shared), shared));
    let tags = ["in Some", "in an Arc", "fn", "in an Arc", "fn"];
    for answer in call_each_through(&mut client, "you").await {
        assert_eq!(answer.values("seen"), tags, "{:?}", answer.kind);
        assert_eq!(answer.values("from-handler"), inside_out(&tags), "{:?}", answer.kind);
    }
}

/// Adds its name to the request only.
struct Append(&'static str);

impl<N: Next> Interceptor<N> for Append {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.metadata_mut().append("to-handler", MetadataValue::from_static(self.0));
        next.run(request).await
    }
}

#[tokio::test]
async fn twelve_interceptors_form_a_chain() {
    const NAMES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let server = connect(GreeterServer::new(Plain)).await;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = NAMES.map(Append);
    let mut client = server.through((a, b, c, d, e, f, g, h, i, j, k, l));
    for answer in call_each_through(&mut client, "you").await {
        assert_eq!(answer.values("seen"), NAMES, "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn without_interceptors_only_the_call_is_made() {
    let server = connect(GreeterServer::new(Plain)).await;
    let answers = call_each_through(&mut server.through(()), "you").await;
    for (answer, plain) in answers.iter().zip(plain_answers("you")) {
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
        assert_eq!(answer.values("seen"), [""; 0], "{:?}", answer.kind);
    }
}
