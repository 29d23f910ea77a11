//! An interceptor replaces a status with another status or with a success, and a success with a
//! status.

mod support;

use grpc_interceptor::{Context, MessageStream, Next, Outcome, Payload as _};
use support::{
    GreeterServer, HelloReply, KINDS, NOBODY, call_each, connect, greeter, plain_answers, reply,
};
use tonic::{Code, Request, Response, Status};

fn hide(status: Status) -> Status {
    match status.code() {
        Code::NotFound => Status::permission_denied("it may be there or not"),
        _ => status,
    }
}

/// Handles a status instead of a response, and a status in a response stream.
async fn hide_not_found<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let response = next.run(request).await.map_err(hide)?;
    Ok(response.map(|payload| payload.map_errors(hide)))
}

struct Hiding;

greeter!(Hiding, [hide_not_found]);

#[tokio::test]
async fn a_status_can_be_replaced_wherever_it_occurs() {
    let mut client = connect(GreeterServer::new(Hiding)).await;
    for answer in call_each(&mut client, NOBODY).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::PermissionDenied, "{kind:?}");
        assert_eq!(status.message(), "it may be there or not", "{kind:?}");
    }
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
}

async fn refuse<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::unavailable("out of order"))
}

async fn a_message_instead<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = HelloReply>,
{
    let outcome = next.run(request).await;
    outcome.or_else(|status| Ok(Response::new(reply(format!("sorry: {}", status.message())))))
}

async fn a_stream_instead<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    let outcome = next.run(request).await;
    outcome.or_else(|status| {
        let message = Ok(reply(format!("sorry: {}", status.message())));
        Ok(Response::new(MessageStream::new(tokio_stream::once(message))))
    })
}

struct Recovering;

greeter!(
    Recovering,
    [],
    [a_message_instead, refuse],
    [a_message_instead, refuse],
    [a_stream_instead, refuse],
    [a_stream_instead, refuse]
);

#[tokio::test]
async fn a_status_becomes_a_response() {
    let mut client = connect(GreeterServer::new(Recovering)).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.kind), KINDS);
    for answer in answers {
        assert_eq!(answer.messages(), ["sorry: out of order"], "{:?}", answer.kind);
    }
}

/// The handler has run, but the caller doesn't see its response.
async fn discard<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let response = next.run(request).await?;
    match response.metadata().get("seen") {
        Some(value) if value == "discard" => Err(Status::data_loss("the response is discarded")),
        _ => Ok(response),
    }
}

struct Discarding;

greeter!(Discarding, [discard]);

#[tokio::test]
async fn a_response_becomes_a_status() {
    let mut client = connect(GreeterServer::new(Discarding)).await;
    let metadata = [("to-handler", "discard")];
    for answer in support::call_each_with(&mut client, "you", &metadata).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::DataLoss, "{kind:?}");
    }
    for answer in call_each(&mut client, "you").await {
        assert_ne!(answer.messages().len(), 0, "{:?}", answer.kind);
    }
}
