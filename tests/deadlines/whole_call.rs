//! The call ends at its deadline, no matter where it is.

use std::time::Duration;

use tonic::Code;

use crate::{
    interceptors::{InTime, Seen, SetTimeout, Sleep, WithDeadline, in_each_form},
    kinds::{AN_HOUR, Ended, OnClient, call, exceeded, ms, slow_dummy},
    support::KINDS,
};

/// The result of each kind of call through these interceptors, and what the server saw.
struct Expected {
    input: &'static str,
    timeout: Option<Duration>,
    ended: Ended,
    calls: usize,
}

async fn check(interceptors: impl OnClient, expected: Expected) {
    let on_the_server = Seen::default();
    let mut client = interceptors.start(on_the_server.clone()).await;
    for kind in KINDS {
        let ended = call(&mut client, kind, expected.input, expected.timeout).await;
        assert_eq!(ended, expected.ended, "{kind:?}");
        assert_eq!(on_the_server.take().len(), expected.calls, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_that_takes_too_long_is_stopped() {
    let expected =
        || Expected { input: "foo", timeout: Some(ms(100)), ended: exceeded(ms(100)), calls: 0 };
    in_each_form!(check, [Sleep(ms(300))], expected());
    // A later deadline inside it changes nothing.
    in_each_form!(check, [SetTimeout(AN_HOUR), Sleep(ms(300))], expected());
    in_each_form!(check, [WithDeadline(AN_HOUR), Sleep(ms(300))], expected());
}

#[tokio::test(start_paused = true)]
async fn it_is_also_stopped_at_a_deadline_that_an_interceptor_enforces() {
    for timeout in [None, Some(AN_HOUR)] {
        let expected = || Expected { input: "foo", timeout, ended: exceeded(ms(100)), calls: 0 };
        in_each_form!(check, [InTime(ms(100)), Sleep(ms(300))], expected());
    }
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_that_returns_in_time_isnt_stopped() {
    let expected = || Expected {
        input: "foo",
        timeout: Some(ms(100)),
        ended: Ended { after: ms(99), code: Code::Ok },
        calls: 1,
    };
    in_each_form!(check, [Sleep(ms(99))], expected());
}

#[tokio::test(start_paused = true)]
async fn a_hanging_handler_is_cancelled_at_anyones_deadline() {
    let expected =
        |timeout| Expected { input: "forever", timeout, ended: exceeded(ms(100)), calls: 1 };
    in_each_form!(check, [Sleep(ms(30))], expected(Some(ms(100))));
    for timeout in [None, Some(AN_HOUR)] {
        in_each_form!(check, [SetTimeout(ms(100)), Sleep(ms(30))], expected(timeout));
        in_each_form!(check, [WithDeadline(ms(100)), Sleep(ms(30))], expected(timeout));
        in_each_form!(check, [InTime(ms(100)), Sleep(ms(30))], expected(timeout));
    }
}

#[tokio::test(start_paused = true)]
async fn an_inner_deadline_never_extends_an_outer_one() {
    let expected =
        || Expected { input: "forever", timeout: None, ended: exceeded(ms(100)), calls: 1 };
    in_each_form!(check, [SetTimeout(ms(100)), SetTimeout(AN_HOUR)], expected());
    in_each_form!(check, [SetTimeout(ms(100)), WithDeadline(AN_HOUR)], expected());
    in_each_form!(check, [WithDeadline(ms(100)), SetTimeout(AN_HOUR)], expected());
    in_each_form!(check, [WithDeadline(ms(100)), WithDeadline(AN_HOUR)], expected());
    in_each_form!(check, [InTime(ms(100)), InTime(AN_HOUR)], expected());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_inner_deadline_applies() {
    let expected =
        || Expected { input: "forever", timeout: None, ended: exceeded(ms(100)), calls: 1 };
    in_each_form!(check, [SetTimeout(AN_HOUR), SetTimeout(ms(100))], expected());
    in_each_form!(check, [SetTimeout(AN_HOUR), WithDeadline(ms(100))], expected());
    in_each_form!(check, [WithDeadline(AN_HOUR), SetTimeout(ms(100))], expected());
    in_each_form!(check, [InTime(AN_HOUR), InTime(ms(100))], expected());
}

#[tokio::test(start_paused = true)]
async fn with_no_time_left_nothing_is_sent() {
    let expected =
        |after| Expected { input: "foo", timeout: None, ended: exceeded(after), calls: 0 };
    in_each_form!(check, [SetTimeout(ms(100)), Sleep(ms(100))], expected(ms(100)));
    in_each_form!(check, [WithDeadline(ms(100)), Sleep(ms(100))], expected(ms(100)));
    in_each_form!(check, [SetTimeout(Duration::ZERO)], expected(Duration::ZERO));
    let by_caller = || Expected { timeout: Some(Duration::ZERO), ..expected(Duration::ZERO) };
    in_each_form!(check, [Seen::default()], by_caller());
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_a_call_can_take_an_hour() {
    let (on_the_client, on_the_server) = (Seen::default(), Seen::default());
    let dummy = slow_dummy().server_interceptors(on_the_server.clone());
    let dummy = dummy.client_interceptors((Sleep(AN_HOUR), on_the_client.clone()));
    let mut client = dummy.start().await.expect("it starts");
    for kind in KINDS {
        let ended = call(&mut client, kind, "hour", None).await;
        assert_eq!(ended, Ended { after: 2 * AN_HOUR, code: Code::Ok }, "{kind:?}");
        for seen in [&on_the_client, &on_the_server] {
            let [sight] = &seen.take()[..] else { panic!("{kind:?} is one call") };
            assert_eq!((sight.context, sight.next, &sight.timeout), (None, None, &None));
        }
    }
}
