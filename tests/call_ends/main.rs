//! The end of every call is reported exactly once, with the right code, cause and counts.
//!
//! Each case is a way in which a call ends, a kind of RPC, and a form in which the interceptors are
//! attached to the call. `right.rs` has the expected results.

mod after_headers;
mod caller;
mod case;
mod caught_outside;
mod clock;
mod counted;
mod counts;
mod example;
mod interceptors;
mod judge;
mod logged;
mod measured;
mod names;
mod noting;
mod observers;
mod out_of_time;
mod plan;
#[path = "../support/points.rs"]
mod points;
mod right;
mod rpcz;
mod server;
mod slack;
#[path = "../support/mod.rs"]
mod support;
mod traced;

use case::{Catch, End, cases, run};
use plan::be_silent;

const CATCHES: [Catch; 2] = [Catch::Inside, Catch::Nowhere];

#[tokio::test]
async fn calls_that_are_answered() {
    let cases = cases([End::Complete, End::AnsweredInside, End::RetriedInside]);
    assert_eq!(cases.len(), 108);
    run(cases).await;
}

#[tokio::test]
async fn calls_that_fail() {
    let cases = cases([End::HandlerFails, End::StreamFails, End::RefusedInside]);
    assert_eq!(cases.len(), 90);
    run(cases).await;
}

#[tokio::test]
async fn calls_that_the_client_drops() {
    let cases = cases([
        End::DroppedBeforeTheResponse,
        End::DroppedInTheStream,
        End::DroppedBehindTheLast,
        End::RequestsCut,
    ]);
    assert_eq!(cases.len(), 90);
    run(cases).await;
}

#[tokio::test]
async fn calls_that_time_out() {
    let cases =
        cases([End::LateBeforeTheResponse, End::LateInTheStream, End::LateWhileReadingRequests]);
    assert_eq!(cases.len(), 69);
    run(cases).await;
}

#[tokio::test]
async fn calls_that_panic() {
    be_silent();
    let ends = [End::HandlerPanics, End::InterceptorPanics, End::StreamPanics];
    let cases = cases(ends.into_iter().flat_map(|end| CATCHES.map(end)));
    assert_eq!(cases.len(), 148);
    run(cases).await;
}
