//! Trailing metadata on a server.

use grpc_interceptor::{
    LayerInterceptors,
    interceptors::{List, on_call_end},
};
use grpc_interceptor_proto::greeter::greeter_server::GreeterServerInterceptors;
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::Code;

use crate::{
    greeter::{BARE, FAILS, Got, got_of_both, trailing},
    interceptors::{Add, Anew, End, Ends, Filter, First, Look, Replace},
    support::{
        GeneratedServer, GreeterServer, connect, connect_in_layer, events, hello, many, next, soon,
        tell, values,
    },
};

trailing!(Plain {}, []);
trailing!(Looking {}, [Look]);
trailing!(Adding {}, [Add("outer"), Add("inner")]);
trailing!(Replacing {}, [Replace("outer")]);
trailing!(Filtering { ends: Ends }, [self.ends, Filter]);
trailing!(Making {}, [Anew { reads: false }]);
trailing!(Listed { list: List }, [self.list]);

async fn assert_got(server: impl GeneratedServer, name: &str, expected: &Got) {
    let mut client = connect(server).await;
    for got in got_of_both!(&mut client, name) {
        assert_eq!(got, *expected);
    }
}

async fn assert_got_in_layer<I>(interceptors: I, name: &str, expected: &Got)
where
    I: LayerInterceptors,
{
    let mut client = connect_in_layer(GreeterServer::new(Plain {}), interceptors).await;
    for got in got_of_both!(&mut client, name) {
        assert_eq!(got, *expected, "in a layer");
    }
}

/// The same interceptors passed to `with_interceptors`, alone and in a list, and in a layer.
macro_rules! assert_created {
    ([$($interceptor:expr),+], $name:expr, $expected:expr) => {
        let tuple = ($($interceptor,)+);
        assert_got(GreeterServer::with_interceptors(Plain {}, tuple), $name, $expected).await;
        let list = List::new()$(.with($interceptor))+;
        assert_got(created(list.clone()), $name, $expected).await;
        assert_got_in_layer(($($interceptor,)+), $name, $expected).await;
        assert_got_in_layer(list.clone(), $name, $expected).await;
        // A list in the attribute.
        assert_got(GreeterServer::new(Listed { list }), $name, $expected).await;
    };
}

fn created<I: GreeterServerInterceptors<Plain>>(interceptors: I) -> impl GeneratedServer {
    GreeterServer::with_interceptors(Plain {}, interceptors)
}

#[tokio::test]
async fn a_handlers_stream_sends_them() {
    let expected = Got::plain();
    assert_got(GreeterServer::new(Plain {}), "you", &expected).await;
    assert_got(GreeterServer::new(Looking {}), "you", &expected).await;
    // No interceptor touches the stream.
    assert_got(created(()), "you", &expected).await;
    assert_got(created(List::new()), "you", &expected).await;
    assert_got_in_layer((), "you", &expected).await;
    assert_got_in_layer(List::new(), "you", &expected).await;
    assert_created!([Some(Look).filter(|_| false)], "you", &expected);
    // Interceptors inspect it.
    assert_created!([Look, Look], "you", &expected);
}

#[tokio::test]
async fn they_are_added_and_replaced() {
    let expected = Got::of(&["one", "two"], Code::Ok, &["handler", "inner", "outer"]);
    assert_got(GreeterServer::new(Adding {}), "you", &expected).await;
    assert_created!([Add("outer"), Add("inner")], "you", &expected);

    let expected = Got::of(&["one", "two"], Code::Ok, &["outer"]);
    assert_got(GreeterServer::new(Replacing {}), "you", &expected).await;
    assert_created!([Replace("outer"), Look, Add("inner")], "you", &expected);
}

#[tokio::test]
async fn a_stream_without_any_can_get_some() {
    let expected = Got::of(&["one", "two"], Code::Ok, &["inner", "outer"]);
    assert_got(GreeterServer::new(Adding {}), BARE, &expected).await;
    assert_created!([Add("outer"), Add("inner")], BARE, &expected);
}

/// Its status has its own metadata.
#[tokio::test]
async fn a_failing_stream_gets_none() {
    let expected = Got::of(&["one", "two"], Code::Aborted, &["handler"]);
    assert_got(GreeterServer::new(Adding {}), FAILS, &expected).await;
    assert_created!([Add("outer"), Replace("inner")], FAILS, &expected);
}

async fn assert_ends(ends: &mut UnboundedReceiver<End>, count: usize) {
    for _ in 0..count {
        assert_eq!(next(ends).await, End::of(Code::Ok, &["handler"]));
    }
}

#[tokio::test]
async fn a_derived_stream_keeps_them_for_outer_interceptors_and_the_caller() {
    let (sender, mut told) = events();
    let ends = Ends(sender);
    let expected = Got::of(&["two"], Code::Ok, &["handler"]);
    assert_got(GreeterServer::new(Filtering { ends: ends.clone() }), "you", &expected).await;
    assert_ends(&mut told, 2).await;
    assert_created!([ends.clone(), Filter], "you", &expected);
    assert_ends(&mut told, 10).await;
    // Through the interceptors around it and inside it.
    let expected = Got::of(&["two"], Code::Ok, &["handler", "inner", "outer"]);
    assert_created!([Add("outer"), Look, Filter, Look, Add("inner")], "you", &expected);
}

#[tokio::test]
async fn a_new_stream_has_its_own() {
    let expected = Got::of(&[], Code::Ok, &["anew"]);
    assert_got(GreeterServer::new(Making {}), "you", &expected).await;
    assert_created!([Look, Anew { reads: false }], "you", &expected);
    let expected = Got::of(&[], Code::Ok, &["anew", "outer"]);
    assert_created!([Add("outer"), Anew { reads: false }], "you", &expected);
    // In place of those of the stream it is derived from.
    let expected = Got::of(&["one", "two"], Code::Ok, &["anew"]);
    assert_created!([Look, Anew { reads: true }], "you", &expected);
}

#[tokio::test]
async fn a_partly_read_stream_leaves_none() {
    let (sender, mut told) = events();
    let ends = Ends(sender);
    assert_created!([ends.clone(), First], "you", &Got::of(&["one"], Code::Ok, &[]));
    for _ in 0..10 {
        assert_eq!(next(&mut told).await, End { code: Code::Ok, from: None });
    }
}

/// With what inner interceptors have added.
#[tokio::test]
async fn a_calls_end_in_a_layer_has_them() {
    let (sender, mut told) = events();
    let note = on_call_end(move |_, end| {
        let from = end.trailers().map(|trailers| values(trailers, "from").concat());
        tell(&sender, (end.code(), from));
    });
    let mut client =
        connect_in_layer(GreeterServer::new(Plain {}), (note, Add("-added"), Look)).await;
    let expected = [
        ("you", (Code::Ok, Some("handler-added".to_owned()))),
        (BARE, (Code::Ok, Some("-added".to_owned()))),
        (FAILS, (Code::Aborted, Some("handler".to_owned()))),
    ];
    for (name, expected) in expected {
        drop(got_of_both!(&mut client, name));
        assert_eq!([next(&mut told).await, next(&mut told).await], [expected.clone(), expected]);
    }
    drop(soon(client.say_hello(hello("you"))).await.expect("you are greeted"));
    // To a layer a single message is a stream as well.
    assert_eq!(next(&mut told).await, (Code::Ok, Some("-added".to_owned())));
}
