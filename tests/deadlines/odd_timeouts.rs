//! `Context::deadline` matches what tonic enforces, for any form of `grpc-timeout`.

use std::time::Duration;

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome,
    testing::{self, DummyRequest, dummy_service_client::DummyServiceClient},
};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, timeout},
};
use tonic::Request;

use crate::{
    kinds::{AN_HOUR, ms, request},
    support::{events, next, tell},
};

/// Reports how much time a call has, and when it was dropped.
struct Hang {
    remaining: UnboundedSender<Option<Duration>>,
    dropped: UnboundedSender<Duration>,
}

struct Guard {
    start: Instant,
    dropped: UnboundedSender<Duration>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        tell(&self.dropped, self.start.elapsed());
    }
}

impl<N: Next> Interceptor<N> for Hang {
    async fn intercept(&self, _: Request<N::Request>, context: Context, _: N) -> Outcome<N> {
        tell(&self.remaining, context.time_remaining());
        let _guard = Guard { start: Instant::now(), dropped: self.dropped.clone() };
        std::future::pending().await
    }
}

fn with_header(value: &str) -> Request<DummyRequest> {
    let mut request = Request::new(request("foo"));
    request.metadata_mut().insert("grpc-timeout", value.parse().expect("it is ASCII"));
    request
}

/// The time that the context reports and when tonic drops the call, if it does so within two hours.
async fn told_and_enforced(value: &str) -> (Option<Duration>, Option<Duration>) {
    let ((remaining, mut told), (dropped, mut ends)) = (events(), events());
    let dummy = testing::dummy().server_interceptors(Hang { remaining, dropped });
    let mut client = dummy.start().await.expect("it starts");
    // Without interceptors, only tonic ends the call.
    let call = client.get_mut().execute(with_header(value));
    let enforced = match timeout(2 * AN_HOUR, call).await {
        Ok(outcome) => {
            outcome.expect_err("no one answers");
            Some(next(&mut ends).await)
        }
        Err(_) => None,
    };
    (next(&mut told).await, enforced)
}

#[tokio::test(start_paused = true)]
async fn the_context_matches_what_tonic_enforces() {
    let cases = [
        ("50m", Some(ms(50))),
        ("+50m", Some(ms(50))),
        ("0050m", Some(ms(50))),
        ("1H", Some(AN_HOUR)),
        ("+0000059M", Some(AN_HOUR - Duration::from_secs(60))),
        ("2000u", Some(ms(2))),
        ("99000000n", Some(ms(99))),
        ("", None),
        ("S", None),
        ("+", None),
        ("+S", None),
        ("-1S", None),
        ("1s", None),
        ("1", None),
        ("1.5S", None),
        (" 1S", None),
        ("1 S", None),
        ("++1S", None),
        ("+00000059M", None),
        ("123456789n", None),
    ];
    for (value, expected) in cases {
        let (told, enforced) = told_and_enforced(value).await;
        assert_eq!(told, enforced, "{value:?}");
        assert_eq!(told, expected, "{value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_parses_it_the_same_way() {
    let seen = crate::interceptors::Seen::default();
    let dummy = testing::dummy().client_interceptors(seen.clone());
    let mut client = dummy.start().await.expect("it starts");
    for (value, expected) in [("+50m", Some(ms(50))), ("1s", None), ("0050m", Some(ms(50)))] {
        client.get_mut().execute(with_header(value)).await.expect("it echoes");
        let [sight] = &seen.take()[..] else { panic!("it is one call") };
        assert_eq!((sight.context, sight.next), (expected, expected), "{value:?}");
        assert_eq!(sight.timeout.as_deref(), Some(value));
    }
}

/// A time that no clock can represent is no deadline.
#[tokio::test(start_paused = true)]
async fn the_longest_timeout_is_no_deadline() {
    let service = testing::DummyService::new();
    let server = testing::dummy_service_server::DummyServiceServer::new(service);
    let mut client = DummyServiceClient::with_interceptors(server, ());
    for value in ["99999999H", "+9999999H"] {
        client.execute(with_header(value)).await.expect("it echoes");
    }
}

/// A deadline too far in the future for `grpc-timeout` isn't sent to the server.
#[tokio::test(start_paused = true)]
async fn a_deadline_can_be_as_late_as_the_clock_allows() {
    for seconds in [99_999_999 * 3600, 99_999_999 * 3600 + 1, 1 << 40, u64::MAX / 4] {
        let far = crate::interceptors::WithDeadline(Duration::from_secs(seconds));
        let seen = crate::interceptors::Seen::default();
        let dummy =
            testing::dummy().client_interceptors(far).server_interceptors((far, seen.clone()));
        let mut client = dummy.start().await.expect("it starts");
        assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
        let [sight] = &seen.take()[..] else { panic!("it is one call") };
        assert_eq!(sight.timeout.is_some(), seconds <= 99_999_999 * 3600, "{seconds}");
    }
}
