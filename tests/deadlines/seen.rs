//! What client interceptors see of a deadline that an outer one has set.

use std::{sync::Arc, time::Duration};

use grpc_interceptor::interceptors::List;
use tonic::Code;

use crate::{
    interceptors::{InTime, Seen, SetTimeout, Sleep, WithDeadline, in_each_form},
    kinds::{AN_HOUR, Ended, InLayer, OnClient, Own, call, ms, slow_dummy},
    support::KINDS,
};

/// The last interceptor, and how much time it should see: in its `context` argument and in
/// `next.context()`.
struct Inner<'a> {
    seen: &'a Seen,
    remaining: Duration,
}

async fn check(interceptors: impl OnClient, inner: Inner<'_>) {
    let mut client = interceptors.start(()).await;
    for kind in KINDS {
        assert_eq!(call(&mut client, kind, "foo", None).await.code, Code::Ok, "{kind:?}");
        let [sight] = &inner.seen.take()[..] else { panic!("{kind:?} is one call") };
        let expected = Some(inner.remaining);
        assert_eq!((sight.context, sight.next), (expected, expected), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inner_interceptor_sees_an_outer_ones_deadline() {
    let seen = Seen::default();
    let inner = || Inner { seen: &seen, remaining: ms(100) };
    in_each_form!(check, [SetTimeout(ms(100)), seen], inner());
    in_each_form!(check, [WithDeadline(ms(100)), seen], inner());
    in_each_form!(check, [InTime(ms(100)), seen], inner());
}

#[tokio::test(start_paused = true)]
async fn interceptors_in_between_use_up_time() {
    let seen = Seen::default();
    let inner = || Inner { seen: &seen, remaining: ms(70) };
    in_each_form!(check, [SetTimeout(ms(100)), Sleep(ms(30)), seen], inner());
    in_each_form!(check, [WithDeadline(ms(100)), Sleep(ms(30)), seen], inner());
}

#[tokio::test(start_paused = true)]
async fn it_sees_the_earliest_deadline() {
    let seen = Seen::default();
    let inner = || Inner { seen: &seen, remaining: ms(100) };
    in_each_form!(check, [SetTimeout(ms(100)), WithDeadline(AN_HOUR), seen], inner());
    in_each_form!(check, [WithDeadline(AN_HOUR), SetTimeout(ms(100)), seen], inner());
    in_each_form!(check, [SetTimeout(ms(100)), SetTimeout(AN_HOUR), seen], inner());
}

/// Each chain is on a client directly, and in a layer.
macro_rules! on_both {
    ($interceptors:expr, $inner:expr) => {
        check(Own($interceptors), $inner).await;
        check(InLayer($interceptors), $inner).await;
    };
}

#[tokio::test(start_paused = true)]
async fn it_sees_it_through_nested_tuples_and_lists() {
    let seen = Seen::default();
    let inner = || Inner { seen: &seen, remaining: ms(100) };
    let timeout = SetTimeout(ms(100));
    let list = || List::from_iter([seen.clone()]);
    on_both!((timeout, list()), inner());
    on_both!(((timeout,), (list(),)), inner());
    on_both!(List::from_iter([timeout]).with(list()), inner());
    on_both!((List::from_iter([timeout]), seen.clone()), inner());
    on_both!((Some(Arc::new(timeout)), Some(Arc::new(seen.clone()))), inner());
}

#[tokio::test(start_paused = true)]
async fn it_sees_it_inside_a_tuple_in_a_list() {
    let seen = Seen::default();
    let inner = || Inner { seen: &seen, remaining: ms(100) };
    on_both!(List::from_iter([(WithDeadline(ms(100)), seen.clone())]), inner());
    on_both!(List::from_iter([(SetTimeout(ms(100)), seen.clone())]), inner());
}

#[tokio::test(start_paused = true)]
async fn an_outer_interceptor_doesnt_see_it() {
    for inner in [SetTimeout(ms(100)), SetTimeout(AN_HOUR)] {
        let seen = Seen::default();
        let dummy = slow_dummy().client_interceptors((seen.clone(), inner, seen.clone()));
        let mut client = dummy.start().await.expect("it starts");
        for kind in KINDS {
            let ended = call(&mut client, kind, "foo", None).await;
            assert_eq!(ended, Ended { after: Duration::ZERO, code: Code::Ok }, "{kind:?}");
            assert_eq!(seen.take_remaining(), [None, Some(inner.0)], "{kind:?}");
        }
    }
}
