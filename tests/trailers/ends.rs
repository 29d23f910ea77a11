//! What `on_end` reports: each end, its code, and its trailing metadata.

use grpc_interceptor::{MessageStream, StreamEnd, trailers};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, metadata::MetadataMap};

use crate::{
    greeter::{FAILS, metadata, trailing},
    interceptors::{End, Ends},
    support::{GreeterServer, connect, events, hello, many, names, next, read, soon, values},
};

#[test]
fn each_end_has_a_code() {
    let metadata = metadata("from", "handler");
    assert_eq!(StreamEnd::Complete { trailers: None }.code(), Code::Ok);
    assert_eq!(StreamEnd::Complete { trailers: Some(&metadata) }.code(), Code::Ok);
    assert_eq!(StreamEnd::Failed(&Status::aborted("")).code(), Code::Aborted);
    assert_eq!(StreamEnd::Failed(&Status::unknown("")).code(), Code::Unknown);
    assert_eq!(StreamEnd::Cancelled.code(), Code::Cancelled);
}

trailing!(Told { ends: Ends }, [self.ends]);

#[tokio::test]
async fn a_stream_reports_its_end_on_both_sides() {
    let ((on_the_server, mut servers), (on_the_client, mut clients)) = (events(), events());
    let server = connect(GreeterServer::new(Told { ends: Ends(on_the_server) })).await;
    let mut client = server.through(Ends(on_the_client));
    let cases =
        [("you", End::of(Code::Ok, &["handler"])), (FAILS, End::of(Code::Aborted, &["handler"]))];
    for (name, expected) in cases {
        let response = soon(client.greet_many_times(many(name, 1))).await.expect("it starts");
        // It is reported if the stream is read to its end.
        let _ = read(response.into_inner()).await;
        assert_eq!(next(&mut servers).await, expected);
        assert_eq!(next(&mut clients).await, expected);
    }
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled() {
    let (sender, mut told) = events();
    let server = connect(GreeterServer::new(Told { ends: Ends(events().0) })).await;
    let mut client = server.through(Ends(sender));
    let response = soon(client.chat(names(["you"]))).await.expect("it starts");
    drop(response);
    assert_eq!(next(&mut told).await, End { code: Code::Cancelled, from: None });
    soon(client.say_hello(hello("you"))).await.expect("the connection is there");
}

fn made(end: Option<MetadataMap>) -> MessageStream<u32> {
    let end = end.map(|metadata| Err(trailers(metadata)));
    MessageStream::new(tokio_stream::iter([Ok(1), Ok(2)]).chain(tokio_stream::iter(end)))
}

#[tokio::test]
async fn they_come_after_a_streams_last_message() {
    let mut stream = made(Some(metadata("from", "handler")));
    while let Some(_message) = stream.message().await.expect("it completes") {
        assert!(stream.trailers().is_none());
    }
    assert_eq!(values(stream.trailers().expect("there are some"), "from"), ["handler"]);
    // They are kept.
    assert_eq!(stream.message().await.expect("the end is the end"), None);
    assert_eq!(values(stream.trailers().expect("there are some"), "from"), ["handler"]);

    let mut stream = made(None);
    while stream.message().await.expect("it completes").is_some() {}
    assert!(stream.trailers().is_none());
}

#[tokio::test]
async fn a_failed_stream_has_them_in_its_status() {
    let status = Status::with_metadata(Code::Aborted, "", metadata("from", "handler"));
    let mut stream = MessageStream::new(tokio_stream::iter([Ok(1), Err(status)]));
    stream.message().await.expect("it starts");
    let status = stream.message().await.expect_err("it fails");
    assert_eq!(values(status.metadata(), "from"), ["handler"]);
    assert!(stream.trailers().is_none());
}

#[tokio::test]
async fn they_are_changed_once() {
    let mut stream = made(Some(metadata("from", "handler"))).map_trailers(|trailers| {
        trailers.append("from", "interceptor".parse().expect("it is ASCII"));
    });
    for _ in 0..5 {
        stream.message().await.expect("it completes");
    }
    let trailers = stream.trailers().expect("there are some");
    assert_eq!(values(trailers, "from"), ["handler", "interceptor"]);
}
