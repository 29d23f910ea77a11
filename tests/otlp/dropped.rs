//! Calls that the client drops.

use std::future::Future;

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use tokio_stream::StreamExt as _;
use tonic::{Response, Status, Streaming};

use crate::{
    greeters::FOREVER,
    services::Services,
    spans::{assert_attributes, line, traces},
    support::{HelloReply, hello, many, names, next},
};

/// Drops a call once it is waiting for something that never comes.
async fn drop_there<T: Send + 'static>(
    services: &mut Services,
    call: impl Future<Output = T> + Send + 'static,
) {
    let call = tokio::spawn(call);
    next(&mut services.waits).await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()), "it isn't answered");
}

/// The second message of a stream.
async fn second(
    replies: Result<Response<Streaming<HelloReply>>, Status>,
) -> Result<Option<HelloReply>, Status> {
    let mut replies = replies?.into_inner();
    assert!(replies.message().await?.is_some(), "the first one comes");
    replies.message().await
}

#[tokio::test]
async fn a_dropped_call_has_a_span_on_each_side() {
    let mut services = Services::start().await;
    let mut client = services.client();
    drop_there(&mut services, async move { client.say_hello(hello(FOREVER)).await }).await;
    let mut client = services.client();
    // It doesn't end by itself.
    let requests = || names(["Ada", FOREVER]).chain(tokio_stream::pending());
    let call = async move { client.greet_everybody(requests()).await };
    drop_there(&mut services, call).await;
    let mut client = services.client();
    let call = async move {
        client.greet_many_times(many(FOREVER, 1)).await?.into_inner().message().await
    };
    drop_there(&mut services, call).await;
    let mut client = services.client();
    drop_there(&mut services, async move { second(client.chat(requests()).await).await }).await;

    let spans = services.spans(16).await;
    for trace in traces(&spans, 4) {
        for span in line(&trace) {
            // On a server it is the caller's doing.
            let is_error = span.kind() == SpanKind::Client;
            assert_attributes(span, "CANCELLED", is_error);
            let ended = match is_error {
                true => (StatusCode::Error, "dropped before its end"),
                false => (StatusCode::Unset, ""),
            };
            assert_eq!(span.ended(), ended, "{span:#?}");
        }
    }
}
