//! On a client: a client with a retry for any RPC makes calls of all four kinds.

use grpc_interceptor::interceptors::List;
use tonic::transport::Channel;

use crate::{
    greeter::{assert_sent_again_or_once, watching},
    interceptors::{Mark, Retry, Tag, Watch},
    support::{
        GreeterInterceptors, GreeterServer, call_each_through, connect, events, plain_answers,
    },
};

watching!(Plain, []);

/// At each attempt, both the interceptors inside the retry and the server see everything that the
/// first attempt has.
async fn sends_again<I: GreeterInterceptors<Channel>>(interceptors: impl FnOnce(Watch) -> I) {
    let ((sender, mut on_the_server), (inside, mut on_the_client)) = (events(), events());
    let server = connect(GreeterServer::new(Plain { watch: Watch::new(sender, 2) })).await;
    let mut client = server.through(interceptors(Watch::new(inside, 0)));
    let answers = call_each_through(&mut client, "you").await;
    assert_sent_again_or_once(&answers, &mut on_the_client, Some(Tag(7)));
    // Extensions stay on their side.
    assert_sent_again_or_once(&answers, &mut on_the_server, None);
}

#[tokio::test]
async fn single_messages_are_sent_again_and_streams_once() {
    sends_again(|watch| (Mark, Retry, watch)).await;
}

#[tokio::test]
async fn a_list_sends_again() {
    sends_again(|watch| List::new().with(Mark).with(Retry).with(watch)).await;
}

#[tokio::test]
async fn nested_tuples_and_lists_send_again() {
    sends_again(|watch| (Mark, List::new().with((Retry, watch)))).await;
    sends_again(|watch| List::new().with((Mark, Retry)).with(List::from_iter([watch]))).await;
    sends_again(|watch| (List::from_iter([Mark]), (Retry, Some(watch)))).await;
    sends_again(|watch| List::new().with(Mark).with(List::new().with(Retry).with(watch))).await;
    sends_again(|watch| (Mark, List::from_iter([Retry]), watch)).await;
}

#[tokio::test]
async fn successful_calls_are_sent_once() {
    let (sender, mut told) = events();
    let server = connect(GreeterServer::new(Plain { watch: Watch::new(sender, 0) })).await;
    let answers = call_each_through(&mut server.through((Retry, Retry)), "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
    for answer in &answers {
        assert_eq!(told.try_recv().expect("it is one call").kind, answer.kind);
    }
    told.try_recv().expect_err("nothing is sent again");
}
