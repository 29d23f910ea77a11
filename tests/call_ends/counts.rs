//! The number of messages if streams are read in part, and the trailing metadata.

use std::time::Duration;

use grpc_interceptor::{
    EndCause, Side,
    testing::{Clock, DummyRequest},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use crate::{
    noting::{READS_ONE, STAYS, dummy, input, inputs, with},
    support::{events, tell},
};

#[tokio::test]
async fn requests_count_once_the_handler_has_read_them() {
    let _clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let request = with(inputs(["a", "b", "c"]), READS_ONE);
    let response = dummy.get_mut().execute_client_stream(request).await.expect("it answers");
    assert_eq!(response.into_inner().output, "a");
    assert_eq!(ends.counts(Side::Server), (1, 1));
    // The messages are in transit.
    assert_eq!(ends.counts(Side::Client), (3, 1));
}

#[tokio::test]
async fn a_chat_counts_the_messages_exchanged() {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let (requests, outgoing) = events();
    let outgoing = UnboundedReceiverStream::new(outgoing);
    let response = dummy.get_mut().execute_client_server_stream(outgoing).await;
    let mut stream = response.expect("it starts").into_inner();
    for name in ["a", "b", "c"] {
        tell(&requests, DummyRequest { input: name.to_owned() });
        let output = stream.message().await.expect("it continues").map(|response| response.output);
        assert_eq!(output.as_deref(), Some(name));
    }
    assert_eq!((ends.take(Side::Server), ends.take(Side::Client)), (vec![], vec![]));
    drop(stream);
    assert_eq!(ends.counts(Side::Client), (3, 3));
    // The server's handler sees the end of the requests, and the client's reset.
    drop(requests);
    clock.advance(Duration::ZERO).await;
    assert_eq!(ends.counts(Side::Server), (3, 3));
}

#[tokio::test]
async fn responses_count_once_the_client_has_read_them() {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let response = dummy.get_mut().execute_server_stream(input("abcde")).await;
    let mut stream = response.expect("it starts").into_inner();
    for _ in 0..2 {
        assert!(stream.message().await.expect("it continues").is_some());
    }
    drop(stream);
    clock.advance(Duration::ZERO).await;
    assert_eq!(ends.counts(Side::Client), (1, 2));
    // The server is ahead of its client.
    assert_eq!(ends.counts(Side::Server), (1, 5));
}

#[tokio::test]
async fn an_empty_stream_is_complete_without_messages() {
    let _clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    assert_eq!(dummy.execute_server_stream("").await.expect("it answers"), [""; 0]);
    assert_eq!([Side::Client, Side::Server].map(|side| ends.counts(side)), [(1, 0); 2]);
    let none: [&str; 0] = [];
    assert_eq!(dummy.execute_client_server_stream(none).await.expect("it answers"), none);
    assert_eq!([Side::Client, Side::Server].map(|side| ends.counts(side)), [(0, 0); 2]);
    assert_eq!(dummy.execute_client_stream(none).await.expect("it answers"), "");
    assert_eq!([Side::Client, Side::Server].map(|side| ends.counts(side)), [(0, 1); 2]);
}

#[tokio::test]
async fn a_response_streams_trailers_are_reported_on_both_sides() {
    let clock = Clock::pause().await;
    let (mut dummy, ends) = dummy().await;
    let tails = || [Side::Client, Side::Server].map(|side| ends.one(side).0.tail);
    let end = || Some("end".to_owned());
    dummy.execute_server_stream("ab").await.expect("it answers");
    assert_eq!(tails(), [end(), end()]);
    dummy.execute_client_server_stream(["a", "b"]).await.expect("it answers");
    assert_eq!(tails(), [end(), end()]);

    // A client that drops the stream before its end gets no trailers, and hasn't seen the status.
    let request = with(input("ab"), STAYS);
    let response = dummy.get_mut().execute_server_stream(request).await;
    let mut stream = response.expect("it starts").into_inner();
    assert!(stream.message().await.expect("it continues").is_some());
    drop(stream);
    clock.advance(Duration::ZERO).await;
    for side in [Side::Client, Side::Server] {
        let (told, _) = ends.one(side);
        let seen = (told.code, told.cause, told.status, told.tail);
        assert_eq!(seen, (Code::Cancelled, EndCause::Cancelled, None, None));
    }
}
