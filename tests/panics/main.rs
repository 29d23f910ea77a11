//! A panic anywhere takes down neither the process nor the connection. With `CatchPanic` outermost,
//! it immediately becomes `INTERNAL` and is reported to `on_panic`.
//!
//! Each case is a place that panics, a kind of RPC, and a form in which the interceptors are
//! attached to the call. `right.rs` has the expected results.

mod beside;
mod caller;
mod case;
mod child;
mod interceptors;
mod place;
mod plan;
mod planned;
mod raising;
mod right;
mod server;
#[path = "../support/mod.rs"]
mod support;

use case::{Case, cases, report, run};
use place::{Method, Of, Place, When};
use planned::be_silent;

const METHODS: [Method; 8] = [
    Method::InspectMessages,
    Method::MapMessages,
    Method::TryMapMessages,
    Method::OnEndAtTheEnd,
    Method::MapErrors,
    Method::MapStream,
    Method::OnEndAtAnError,
    Method::OnEndWhenDropped,
];

#[tokio::test]
async fn in_interceptors() {
    be_silent();
    let cases = cases([Place::Called, Place::BeforeNext, Place::AfterNext], false);
    assert_eq!(cases.len(), 270);
    run(cases).await;
}

#[tokio::test]
async fn in_handlers() {
    be_silent();
    let places = [Place::BeforeAwait, Place::AfterAwait, Place::Reply(1), Place::Reply(2)];
    let cases = cases(places, false);
    assert_eq!(cases.len(), 160);
    run(cases).await;
}

#[tokio::test]
async fn in_closures_on_requests() {
    be_silent();
    let cases = cases(METHODS.map(|method| Place::Closure(Of::Request, method)), false);
    assert_eq!(cases.len(), 624);
    run(cases).await;
}

#[tokio::test]
async fn in_closures_on_requests_outside_of_catch_panic() {
    be_silent();
    let cases = cases(METHODS.map(|method| Place::Closure(Of::RequestFromOutside, method)), false);
    assert_eq!(cases.len(), 312);
    run(cases).await;
}

#[tokio::test]
async fn in_closures_on_responses() {
    be_silent();
    let cases = cases(METHODS.map(|method| Place::Closure(Of::Response, method)), false);
    assert_eq!(cases.len(), 624);
    run(cases).await;
}

#[tokio::test]
async fn in_a_clients_own_request_stream() {
    be_silent();
    let cases = cases([Place::Requests(1), Place::Requests(2)], false);
    assert_eq!(cases.len(), 48);
    run(cases).await;
}

/// The cases in which a panic happens in a drop, possibly while another panic unwinds.
fn that_may_abort() -> Vec<Case> {
    let drops = [
        Place::HandlerDropped,
        Place::RepliesDropped(When::AfterTheEnd),
        Place::RepliesDropped(When::AfterAPanic),
        Place::RepliesDropped(When::Early),
        Place::RequestsDropped,
    ];
    let locks = [Of::Request, Of::RequestFromOutside, Of::Response]
        .map(|of| Place::Closure(of, Method::WithALock));
    let with_a_payload_that_panics = [
        Place::Called,
        Place::BeforeNext,
        Place::AfterNext,
        Place::BeforeAwait,
        Place::AfterAwait,
        Place::Reply(1),
        Place::Reply(2),
        Place::Closure(Of::Request, Method::InspectMessages),
        Place::Closure(Of::RequestFromOutside, Method::InspectMessages),
        Place::Closure(Of::Response, Method::InspectMessages),
        Place::Requests(1),
        Place::Requests(2),
    ];
    let mut all = cases(drops.into_iter().chain(locks), false);
    all.extend(cases(with_a_payload_that_panics, true));
    all
}

#[tokio::test]
#[ignore = "the next one runs it, in a child process"]
async fn child_that_may_abort() {
    be_silent();
    child::run(that_may_abort()).await;
}

#[test]
fn in_drops() {
    let cases = that_may_abort();
    assert_eq!(cases.len(), 1087);
    report(child::run_in_child("child_that_may_abort", &cases), cases.len());
}
