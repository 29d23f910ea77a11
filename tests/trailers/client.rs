//! Trailing metadata on a client.

use grpc_interceptor::{LayerInterceptors, interceptors::List};
use tonic::{Code, transport::Channel};

use crate::{
    greeter::{BARE, FAILS, Got, got_of_both, trailing},
    interceptors::{Add, Anew, End, Ends, Filter, First, InTime, Look, Replace},
    support::{Client, GreeterInterceptors, GreeterServer, connect, events, hello, many, next},
};

trailing!(Plain {}, []);

async fn plain() -> Client {
    connect(GreeterServer::new(Plain {})).await
}

async fn assert_got<I: GreeterInterceptors<Channel>>(
    server: &Client,
    interceptors: I,
    name: &str,
    expected: &Got,
) {
    let mut client = server.through(interceptors);
    for got in got_of_both!(&mut client, name) {
        assert_eq!(got, *expected);
    }
}

async fn assert_got_in_layer<I>(server: &Client, interceptors: I, name: &str, expected: &Got)
where
    I: LayerInterceptors,
{
    let mut client = server.in_layer(interceptors);
    for got in got_of_both!(&mut client, name) {
        assert_eq!(got, *expected, "in a layer");
    }
}

/// Asserts the result of a call through these, as a tuple and in a list, and both in a layer.
macro_rules! assert_through {
    ($server:expr, [$($interceptor:expr),+], $name:expr, $expected:expr) => {
        assert_got($server, ($($interceptor,)+), $name, $expected).await;
        assert_got($server, List::new()$(.with($interceptor))+, $name, $expected).await;
        assert_got_in_layer($server, ($($interceptor,)+), $name, $expected).await;
        let list = List::new()$(.with($interceptor))+;
        assert_got_in_layer($server, list, $name, $expected).await;
    };
}

#[tokio::test]
async fn they_reach_the_caller() {
    let server = plain().await;
    assert_got(&server, (), "you", &Got::plain()).await;
    assert_got(&server, List::new(), "you", &Got::plain()).await;
    assert_got_in_layer(&server, (), "you", &Got::plain()).await;
    assert_got_in_layer(&server, List::new(), "you", &Got::plain()).await;
    assert_through!(&server, [Some(Look).filter(|_| false)], "you", &Got::plain());
    assert_through!(&server, [Look, Look], "you", &Got::plain());
}

/// Streams with a deadline, and observed streams, by one or several.
#[tokio::test]
async fn they_pass_through_other_stream_wrappers() {
    let server = plain().await;
    let ends = |expected: &'static [&'static str]| {
        grpc_interceptor::interceptors::on_call_end(move |_, end| {
            let trailers = end.trailers().expect("there are some");
            assert_eq!(crate::support::values(trailers, "from"), expected);
        })
    };
    assert_through!(&server, [InTime], "you", &Got::plain());
    assert_through!(&server, [Look, InTime, Look, InTime], "you", &Got::plain());
    assert_through!(&server, [ends(&["handler"]), ends(&["handler"])], "you", &Got::plain());
    let expected = Got::of(&["one", "two"], Code::Ok, &["handler", "inner", "outer"]);
    assert_through!(
        &server,
        [
            ends(&["handler", "inner", "outer"]),
            Add("outer"),
            InTime,
            ends(&["handler", "inner"]),
            ends(&["handler", "inner"]),
            Add("inner"),
            ends(&["handler"])
        ],
        "you",
        &expected
    );
}

#[tokio::test]
async fn they_are_added_and_replaced() {
    let server = plain().await;
    let expected = Got::of(&["one", "two"], Code::Ok, &["handler", "inner", "outer"]);
    assert_through!(&server, [Add("outer"), Add("inner")], "you", &expected);
    let expected = Got::of(&["one", "two"], Code::Ok, &["outer"]);
    assert_through!(&server, [Replace("outer"), Look, Add("inner")], "you", &expected);
    let expected = Got::of(&["one", "two"], Code::Ok, &["inner", "outer"]);
    assert_through!(&server, [Add("outer"), Add("inner")], BARE, &expected);
}

#[tokio::test]
async fn a_failing_stream_gets_none() {
    let expected = Got::of(&["one", "two"], Code::Aborted, &["handler"]);
    assert_through!(&plain().await, [Add("outer"), Replace("inner")], FAILS, &expected);
}

#[tokio::test]
async fn a_derived_stream_keeps_them_for_outer_interceptors_and_the_caller() {
    let server = plain().await;
    let (sender, mut told) = events();
    let ends = Ends(sender);
    let expected = Got::of(&["two"], Code::Ok, &["handler"]);
    assert_through!(&server, [ends.clone(), Filter], "you", &expected);
    for _ in 0..8 {
        assert_eq!(next(&mut told).await, End::of(Code::Ok, &["handler"]));
    }
    let expected = Got::of(&["two"], Code::Ok, &["handler", "inner", "outer"]);
    assert_through!(&server, [Add("outer"), Look, Filter, Look, Add("inner")], "you", &expected);
}

#[tokio::test]
async fn a_new_stream_has_its_own() {
    let server = plain().await;
    let expected = Got::of(&[], Code::Ok, &["anew"]);
    assert_through!(&server, [Look, Anew { reads: false }], "you", &expected);
    let expected = Got::of(&[], Code::Ok, &["anew", "outer"]);
    assert_through!(&server, [Add("outer"), Anew { reads: false }], "you", &expected);
    let expected = Got::of(&["one", "two"], Code::Ok, &["anew"]);
    assert_through!(&server, [Anew { reads: true }], "you", &expected);
}

#[tokio::test]
async fn a_partly_read_stream_leaves_none() {
    let server = plain().await;
    let (sender, mut told) = events();
    let ends = Ends(sender);
    let expected = Got::of(&["one"], Code::Ok, &[]);
    assert_through!(&server, [ends.clone(), First], "you", &expected);
    for _ in 0..8 {
        assert_eq!(next(&mut told).await, End { code: Code::Ok, from: None });
    }
}

#[tokio::test]
async fn both_sides_add_to_them() {
    let server = GreeterServer::with_interceptors(Plain {}, Add("server"));
    let expected = Got::of(&["one", "two"], Code::Ok, &["handler", "server", "client"]);
    let server = connect(server).await;
    assert_through!(&server, [Add("client")], "you", &expected);
}

/// On the wire, the status is part of the trailers. That alone isn't trailing metadata.
#[tokio::test]
async fn a_stream_without_any_reports_none() {
    let server = plain().await;
    let (tell, mut told) = events();
    let ends = Ends(tell);
    let mut client = server.through((ends.clone(), Look, ends.clone()));
    drop(got_of_both!(&mut client, BARE));
    drop(client);
    let mut client = server.in_layer((ends.clone(), Look, ends));
    drop(got_of_both!(&mut client, BARE));
    drop(client);
    while let Some(End { from, .. }) = told.recv().await {
        assert_eq!(from, None);
    }
}
