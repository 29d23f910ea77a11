//! A chain of sixteen interceptors of all kinds compiles as it is, without a `recursion_limit`, on
//! every kind of RPC, and runs in its order.

mod support;

use std::sync::Arc;

use grpc_interceptor::{Context, Next, Outcome};
use support::{GreeterServer, Tag, call_each, connect, greeter, plain_answers, tag};
use tonic::Request;

/// It waits for another async fn around the rest of the chain.
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
async fn sixteen_interceptors_run_in_their_order() {
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
