//! `#[tracing::instrument]` below `#[interceptor]` creates a span named after the fn.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{Context, Next, Outcome, interceptor, testing};
use tonic::Request;
use tracing::{Event, Metadata, Subscriber, span};

#[interceptor]
#[tracing::instrument(skip_all)]
async fn measured<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// The type of `next` has no name here.
#[interceptor]
#[tracing::instrument(skip_all, fields(method = context.method_name().method()))]
async fn nameless(
    request: Request<testing::DummyRequest>,
    context: Context,
    next: impl Next<Request = testing::DummyRequest, Response = testing::DummyResponse>,
) -> Result<tonic::Response<testing::DummyResponse>, tonic::Status> {
    next.run(request).await
}

/// Records the names of spans.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<&'static str>>>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == module_path!()
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut names = self.0.lock().expect("it isn't poisoned");
        names.push(attributes.metadata().name());
        span::Id::from_u64(names.len() as u64)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn a_span_is_named_after_the_interceptor() {
    let spans = Spans::default();
    let _default = tracing::subscriber::set_default(spans.clone());
    let mut client = testing::dummy()
        .client_interceptors((measured, nameless))
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    assert_eq!(*spans.0.lock().expect("it isn't poisoned"), ["measured", "nameless"]);
}
