//! The time at which a call ended, to the millisecond: tokio's clock is paused.

use std::{fmt::Debug, time::Duration};

use grpc_interceptor::{EndCause, Side, testing::Clock};
use tonic::{Code, Response, Status, Streaming};

use crate::noting::{Client, Ends, SLOW, STAYS, dummy, input, inputs, with, within};

const TIME: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_slow_calls_duration_is_right_on_both_sides() {
    let _clock = Clock::pause().await;
    let (mut client, ends) = dummy().await;
    let complete = (Code::Ok, EndCause::Complete, SLOW);
    client.execute("slow").await.expect("it answers");
    assert_eq!([Side::Client, Side::Server].map(|side| ends.cause(side)), [complete; 2]);
    client.execute_client_stream(["slow"]).await.expect("it answers");
    assert_eq!([Side::Client, Side::Server].map(|side| ends.cause(side)), [complete; 2]);
    client.execute_server_stream("slow").await.expect("it answers");
    assert_eq!([Side::Client, Side::Server].map(|side| ends.cause(side)), [complete; 2]);
    client.execute_client_server_stream(["slow"]).await.expect("it answers");
    assert_eq!([Side::Client, Side::Server].map(|side| ends.cause(side)), [complete; 2]);
}

/// Asserts that the call timed out on both sides at its deadline. Returns how many messages each
/// side has seen.
async fn late<T: Debug>(clock: &Clock, ends: &Ends, outcome: Result<T, Status>) -> [(u64, u64); 2] {
    assert_eq!(outcome.expect_err("it is late").code(), Code::DeadlineExceeded);
    // The server notices in the same millisecond.
    clock.advance(Duration::ZERO).await;
    [Side::Client, Side::Server].map(|side| {
        let (told, elapsed) = ends.one(side);
        let seen = (told.code, told.cause, elapsed);
        assert_eq!(seen, (Code::DeadlineExceeded, EndCause::TimedOut, TIME), "on the {side:?}");
        (told.requests, told.responses)
    })
}

#[tokio::test]
async fn a_call_times_out_before_its_response() {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let client = dummy.get_mut();
    let outcome = client.execute(within(input("slow"), TIME)).await;
    assert_eq!(late(&clock, &ends, outcome).await, [(1, 0); 2]);
    let outcome = client.execute_client_stream(within(inputs(["a", "slow"]), TIME)).await;
    assert_eq!(late(&clock, &ends, outcome).await, [(2, 0); 2]);
    let outcome = client.execute_server_stream(within(input("slow"), TIME)).await;
    assert_eq!(late(&clock, &ends, outcome).await, [(1, 0); 2]);
}

/// Reads one message, and returns what follows.
async fn second<T>(outcome: Result<Response<Streaming<T>>, Status>) -> Result<Option<T>, Status> {
    let mut stream = outcome?.into_inner();
    assert!(stream.message().await?.is_some());
    stream.message().await
}

#[tokio::test]
async fn a_call_times_out_in_the_middle_of_its_response_stream() {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let client: &mut Client = dummy.get_mut();
    let request = with(within(input("ab"), TIME), STAYS);
    let outcome = second(client.execute_server_stream(request).await).await;
    assert_eq!(late(&clock, &ends, outcome).await, [(1, 1); 2]);
    let request = with(within(inputs(["a"]), TIME), STAYS);
    let outcome = second(client.execute_client_server_stream(request).await).await;
    assert_eq!(late(&clock, &ends, outcome).await, [(1, 1); 2]);
}
