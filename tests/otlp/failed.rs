//! Calls that fail. A server's span is an error only if the server is at fault.

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};

use crate::{
    greeters::BROKEN,
    services::Services,
    spans::{assert_attributes, line, traces},
    support::{NOBODY, call_each_through},
};

async fn assert_failed(name: &str, code: &str, message: &str, is_servers_fault: bool) {
    let services = Services::start().await;
    for answer in call_each_through(&mut services.client(), name).await {
        assert_eq!(answer.status().message(), message);
    }
    let spans = services.spans(16).await;
    for trace in traces(&spans, 4) {
        for span in line(&trace) {
            let is_error = is_servers_fault || span.kind() == SpanKind::Client;
            assert_attributes(span, code, is_error);
            let ended =
                if is_error { (StatusCode::Error, message) } else { (StatusCode::Unset, "") };
            assert_eq!(span.ended(), ended, "{span:#?}");
        }
    }
}

#[tokio::test]
async fn a_callers_fault_is_an_error_only_on_clients() {
    assert_failed(NOBODY, "NOT_FOUND", "nobody is here", false).await;
}

#[tokio::test]
async fn a_servers_fault_is_an_error_everywhere() {
    assert_failed(BROKEN, "INTERNAL", "it is broken", true).await;
}
