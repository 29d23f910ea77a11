//! If a client disconnects shortly before its deadline, the server counts it as out of time: the
//! client's clock started a little earlier.

use std::time::Duration;

use grpc_interceptor::{
    EndCause::{self, Cancelled, TimedOut},
    Side,
    testing::Clock,
};
use tokio::task::JoinHandle;
use tonic::Code;

use crate::noting::{Client, STAYS, dummy, input, with, within};

/// The whole time and when the client disconnects, in milliseconds, and the resulting cause on the
/// server.
const CASES: [(u64, u64, EndCause); 11] = [
    (200, 100, Cancelled),
    // The last twentieth is 10 ms or less.
    (200, 189, Cancelled),
    (200, 190, TimedOut),
    (200, 195, TimedOut),
    (200, 198, TimedOut),
    // The last twentieth.
    (2_000, 1_899, Cancelled),
    (2_000, 1_900, TimedOut),
    // A second, because the last twentieth is longer.
    (100_000, 98_999, Cancelled),
    (100_000, 99_000, TimedOut),
    // The second half, because it is shorter than 10 ms.
    (16, 7, Cancelled),
    (16, 8, TimedOut),
];

#[tokio::test]
async fn before_the_response() {
    goes_away(|mut client, time| {
        tokio::spawn(async move {
            let _ = client.execute(within(input("slow"), time)).await;
        })
    })
    .await;
}

#[tokio::test]
async fn in_the_response_stream() {
    goes_away(|mut client, time| {
        tokio::spawn(async move {
            let request = with(within(input("ab"), time), STAYS);
            let response = client.execute_server_stream(request).await;
            let mut stream = response.expect("it starts").into_inner();
            while let Ok(Some(_)) = stream.message().await {}
        })
    })
    .await;
}

async fn goes_away(call: impl Fn(Client, Duration) -> JoinHandle<()>) {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    for (whole, at, cause) in CASES {
        let (whole, at) = (Duration::from_millis(whole), Duration::from_millis(at));
        let call = call(dummy.get_mut().clone(), whole);
        clock.advance(at).await;
        call.abort();
        clock.advance(Duration::ZERO).await;
        let code = if cause == TimedOut { Code::DeadlineExceeded } else { Code::Cancelled };
        assert_eq!(ends.cause(Side::Server), (code, cause, at), "{at:?} of {whole:?}, server");
        // The client has only one clock.
        let cancelled = (Code::Cancelled, Cancelled, at);
        assert_eq!(ends.cause(Side::Client), cancelled, "{at:?} of {whole:?}, client");
    }
}
