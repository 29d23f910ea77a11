//! tonic's own timeouts end a call with `CANCELLED`. At the deadline this becomes
//! `DEADLINE_EXCEEDED`.

use std::{error::Error as _, time::Duration};

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload as _};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::{Code, Request, Status};

use crate::{
    interceptors::{InTime, Seen, SetTimeout, WithDeadline, in_each_form},
    kinds::{AN_HOUR, Ended, OnClient, call, exceeded, ms, slow_dummy},
    support::KINDS,
};

/// Makes a call of each kind with a handler that hangs. Interceptors only see `DEADLINE_EXCEEDED`,
/// although tonic's timer fires at the same moment.
async fn check(interceptors: impl OnClient, timeout: Option<Duration>, seen: &Seen) {
    let mut client = interceptors.start(()).await;
    for kind in KINDS {
        assert_eq!(call(&mut client, kind, "forever", timeout).await, exceeded(ms(100)));
        for code in seen.take_codes() {
            // A stream starts successfully.
            assert!(matches!(code, Code::DeadlineExceeded | Code::Ok), "{kind:?}: {code:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_one_sees_tonics_timer_fire() {
    let seen = Seen::default();
    in_each_form!(check, [seen, seen], Some(ms(100)), &seen);
    in_each_form!(check, [seen, SetTimeout(ms(100)), seen], None, &seen);
    in_each_form!(check, [seen, WithDeadline(ms(100)), seen], None, &seen);
    in_each_form!(check, [seen, InTime(ms(100)), seen], None, &seen);
}

/// Ends each call with `CANCELLED` at this time.
#[derive(Clone, Copy)]
struct Cancel(Duration);

fn cancelled() -> Status {
    Status::cancelled("Timeout expired")
}

impl<N: Next> Interceptor<N> for Cancel {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let at = Instant::now() + self.0;
        if !next.context().kind().is_server_streaming() {
            sleep(self.0).await;
            return Err(cancelled());
        }
        // A stream ends the same way.
        Ok(next
            .run(request)
            .await?
            .map(|payload| payload.map_stream(|_| MessageStream::new(ending(at)))))
    }
}

fn ending<M>(at: Instant) -> impl tokio_stream::Stream<Item = Result<M, Status>> {
    tokio_stream::StreamExt::then(tokio_stream::once(at), |at| async move {
        sleep_until(at).await;
        Err(cancelled())
    })
}

/// Asserts how a call ends.
async fn ends(interceptors: impl OnClient, timeout: Option<Duration>, expected: &Ended) {
    let mut client = interceptors.start(()).await;
    for kind in KINDS {
        assert_eq!(call(&mut client, kind, "foo", timeout).await, *expected, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_at_the_deadline_is_deadline_exceeded() {
    in_each_form!(ends, [Cancel(ms(100))], Some(ms(100)), &exceeded(ms(100)));
    in_each_form!(ends, [InTime(ms(100)), Cancel(ms(100))], None, &exceeded(ms(100)));
    in_each_form!(ends, [Cancel(ms(99))], Some(ms(100)), &exceeded(ms(99)));
}

/// The same for a server that ends the call just before the client would.
async fn ended_by_the_server(interceptors: impl OnClient, at: u64, expected: &Ended) {
    let mut client = interceptors.start(Cancel(ms(at))).await;
    for kind in KINDS {
        let ended = call(&mut client, kind, "foo", Some(ms(100))).await;
        assert_eq!(ended, *expected, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_by_the_server_at_the_deadline_is_deadline_exceeded() {
    in_each_form!(ended_by_the_server, [Seen::default()], 99, &exceeded(ms(99)));
    let cancelled = Ended { after: ms(50), code: Code::Cancelled };
    in_each_form!(ended_by_the_server, [Seen::default()], 50, &cancelled);
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_the_deadline_or_without_one_stays_cancelled() {
    let expected = Ended { after: ms(50), code: Code::Cancelled };
    for timeout in [None, Some(ms(100)), Some(AN_HOUR)] {
        in_each_form!(ends, [Cancel(ms(50))], timeout, &expected);
    }
    in_each_form!(ends, [InTime(ms(100)), Cancel(ms(50))], None, &expected);
}

#[tokio::test(start_paused = true)]
async fn the_source_is_the_original_status() {
    let dummy = slow_dummy().client_interceptors((Cancel(ms(100)),));
    let mut client = dummy.start().await.expect("it starts");
    let request = crate::kinds::with_timeout(crate::kinds::request("foo"), Some(ms(100)));
    let status = client.get_mut().execute(request).await.expect_err("it is cancelled");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let sources = std::iter::successors(status.source(), |&source| source.source());
    let source = sources.into_iter().find_map(|source| source.downcast_ref::<Status>());
    let source = source.expect("the status is there");
    assert_eq!((source.code(), source.message()), (Code::Cancelled, "Timeout expired"));
}
