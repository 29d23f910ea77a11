//! A call that is retried.

use grpc_interceptor::{Context, Next, Outcome, interceptor, interceptors::Trace};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use tonic::Request;

use crate::{
    services::Services,
    spans::{children, texts, traces},
    support::{NOBODY, hello},
};

#[interceptor]
async fn twice<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let again = next.clone_request(&request).expect("it is one message");
    match next.run(request).await {
        Err(_) => next.run(again).await,
        outcome => outcome,
    }
}

#[tokio::test]
async fn a_clients_span_covers_all_attempts() {
    let services = Services::start().await;
    let mut client = services.through((services.trace.clone(), twice, Trace::attempts()));
    client.say_hello(hello(NOBODY)).await.expect_err("no one is there");
    // The client's span, and three for each attempt.
    let spans = services.spans(7).await;
    let trace = &traces(&spans, 1)[0];
    let [root] = children(trace, &[])[..] else { panic!("{trace:#?}") };
    assert_eq!((&*root.service, root.kind()), ("client", SpanKind::Client));
    assert_eq!(root.ended(), (StatusCode::Error, "nobody is here"));
    let [first, second] = children(trace, &root.span_id)[..] else { panic!("{trace:#?}") };
    for span in [first, second] {
        assert_eq!((&*span.service, span.kind()), ("front", SpanKind::Server));
        assert!(root.start() <= span.start());
    }
    assert_attempts(root);
}

fn assert_attempts(span: &Span) {
    let events: Vec<_> =
        span.events.iter().map(|event| (event.name.as_str(), texts(&event.attributes))).collect();
    let attributes =
        [("rpc.response.status_code", "NOT_FOUND"), ("error.message", "nobody is here")];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(events, vec![("attempt failed", attributes); 2]);
}
