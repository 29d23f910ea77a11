//! `ErrorToStatus` maps errors without a chosen status.

mod support;

use std::{error::Error as StdError, iter::successors};

use grpc_interceptor::{
    Context, Error, Interceptor, Next, Outcome, Payload as _, interceptors::ErrorToStatus,
};
use support::{
    Answer, GreeterServer, HelloRequest, KINDS, Tag, all, call_each, connect, events,
    failing::{ABORTED, Failure, OK, RAISED, SECRET, failing},
    many, names, plain_answers, read, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Request, Status};

fn assert_each(answers: &[Answer; 4], code: Code, details: &str) {
    for answer in answers {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!((status.code(), status.message()), (code, details), "{kind:?}");
        assert!(!format!("{status:?}").contains("swordfish"), "{kind:?}");
    }
}

struct Plain;

failing!(Plain, [ErrorToStatus::new()]);

#[tokio::test]
async fn no_exception() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
}

#[tokio::test]
async fn custom_details() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    let answers = call_each(&mut client, RAISED).await;
    assert_each(&answers, Code::NotFound, "Sorry, your thing is missing");
}

#[tokio::test]
async fn unknown_exception_ignored() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    assert_each(&call_each(&mut client, SECRET).await, Code::Unknown, "Unknown error");
}

/// As a const, which is borrowed rather than created for each call.
const INTERNAL: ErrorToStatus = ErrorToStatus::new().on_unknown(Code::Internal);

struct Overriding;

failing!(Overriding, [INTERNAL]);

#[tokio::test]
async fn unknown_with_override() {
    let mut client = connect(GreeterServer::new(Overriding)).await;
    assert_each(&call_each(&mut client, SECRET).await, Code::Internal, "Internal error");
    // A chosen code is kept.
    let answers = call_each(&mut client, RAISED).await;
    assert_each(&answers, Code::NotFound, "Sorry, your thing is missing");
}

#[tokio::test]
async fn aborted_context_passes_through() {
    let mut client = connect(GreeterServer::new(Overriding)).await;
    let answers = call_each(&mut client, ABORTED).await;
    assert_each(&answers, Code::Aborted, "somebody was faster");
    for answer in answers {
        let by = answer.status().metadata().get("by").expect("it is sent");
        assert_eq!(by, "handler", "{:?}", answer.kind);
    }
}

async fn unknown_without_a_source<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::unknown("that is how it is"))
}

struct Chosen;

failing!(Chosen, [INTERNAL, unknown_without_a_source]);

#[tokio::test]
async fn a_chosen_unknown_passes_through() {
    let mut client = connect(GreeterServer::new(Chosen)).await;
    assert_each(&call_each(&mut client, "you").await, Code::Unknown, "that is how it is");
}

#[tokio::test]
async fn error_in_a_server_stream_after_some_messages() {
    let mut client = connect(GreeterServer::new(Overriding)).await;
    let response = soon(client.greet_many_times(many(SECRET, 3))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello secret 0"]);
    assert_eq!(end.expect_err("the second one fails").code(), Code::Internal);

    let response = soon(client.chat(names(["a", "b", SECRET, "c"]))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello a", "Hello b"]);
    assert_eq!(end.expect_err("the third one fails").code(), Code::Internal);
}

struct OnUnknownOk;

failing!(OnUnknownOk, [ErrorToStatus::new().on_unknown(Code::Ok)]);

struct MapsToOk;

failing!(MapsToOk, [ErrorToStatus::new().map(|_, _| Some(Status::ok("all is well")))]);

#[tokio::test]
async fn refusing_ok() {
    let mut client = connect(GreeterServer::new(OnUnknownOk)).await;
    assert_each(&call_each(&mut client, SECRET).await, Code::Unknown, "Unknown error");

    let mut client = connect(GreeterServer::new(MapsToOk)).await;
    let text = "the status OK was returned as an error: all is well";
    assert_each(&call_each(&mut client, SECRET).await, Code::Unknown, text);
    // The same applies to a handler that returns it.
    let mut client = connect(GreeterServer::new(Plain)).await;
    for answer in call_each(&mut client, OK).await {
        assert_eq!(answer.status().code(), Code::Unknown, "{:?}", answer.kind);
    }
}

fn secrets(error: &(dyn StdError + 'static), context: &Context) -> Option<Status> {
    match error.downcast_ref()? {
        Failure::Secret(_) => {
            Some(Status::permission_denied(format!("not for {}", context.method_name().package())))
        }
        _ => None,
    }
}

struct Mapping;

failing!(
    Mapping,
    [ErrorToStatus::new()
        .map(|error, _| error.is::<std::io::Error>().then(|| Status::data_loss("first")))
        .map(secrets)
        .map(|_, _| Some(Status::data_loss("third")))]
);

#[tokio::test]
async fn extending_the_handler() {
    let mut client = connect(GreeterServer::new(Mapping)).await;
    let answers = call_each(&mut client, SECRET).await;
    assert_each(&answers, Code::PermissionDenied, "not for greeter.v1");
    let answers = call_each(&mut client, ABORTED).await;
    assert_each(&answers, Code::Aborted, "somebody was faster");
}

struct Telling;

failing!(
    Telling,
    [ErrorToStatus::new().on_unknown(Code::Internal).unknown_details(|error, context| {
        let length = error.to_string().len();
        format!("{} failed in {length} letters", context.method_name().method())
    })]
);

#[tokio::test]
async fn the_text_of_unknown_errors_can_be_chosen() {
    let mut client = connect(GreeterServer::new(Telling)).await;
    let rpcs = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"];
    for (answer, rpc) in call_each(&mut client, SECRET).await.iter().zip(rpcs) {
        assert_eq!(answer.status().message(), format!("{rpc} failed in 25 letters"));
    }
}

/// Fails with its own error, in a status that has it as the source and its text as the message.
async fn fail<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::from_error(Box::new(Failure::Secret("swordfish"))))
}

/// Does the same to the request's messages.
async fn fail_to_read<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let (metadata, extensions, payload) = request.into_parts();
    let payload = payload
        .try_map_messages(|_| Err(Status::from_error(Box::new(Failure::Secret("swordfish")))))?;
    next.run(Request::from_parts(metadata, extensions, payload)).await
}

struct Inner;
struct Requests;

failing!(Inner, [ErrorToStatus::new().on_unknown(Code::Internal).map(secrets), fail]);

mod requests {
    use grpc_interceptor::intercepted;
    use grpc_interceptor_proto::{
        default_stubs::greeter_server,
        greeter::{HelloReply, HelloRequest},
    };
    use tonic::{Request, Response, Streaming, codegen::BoxStream};

    use super::{ErrorToStatus, Requests, fail_to_read, secrets, support::failing::Failure};

    /// The RPCs that take `HelloRequest`s, as `fail_to_read` requires.
    #[intercepted(ErrorToStatus::new().map(secrets), fail_to_read)]
    impl greeter_server::Greeter for Requests {
        async fn say_hello(
            &self,
            request: Request<HelloRequest>,
        ) -> Result<Response<HelloReply>, Failure> {
            unreachable!("the request fails: {request:?}")
        }

        async fn greet_everybody(
            &self,
            request: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<HelloReply>, Failure> {
            let message = request.into_inner().message().await?;
            unreachable!("the request fails: {message:?}")
        }

        async fn chat(
            &self,
            request: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<BoxStream<HelloReply>>, Failure> {
            use tokio_stream::StreamExt as _;

            let replies = request.into_inner().map(|request| {
                let message = request?;
                unreachable!("the request fails: {message:?}")
            });
            Ok(Response::new(Box::pin(replies)))
        }
    }
}

#[tokio::test]
async fn errors_of_inner_interceptors_are_mapped() {
    let mut client = connect(GreeterServer::new(Inner)).await;
    let answers = call_each(&mut client, "you").await;
    assert_each(&answers, Code::PermissionDenied, "not for greeter.v1");
}

#[tokio::test]
async fn a_failing_request_stream_is_mapped() {
    use grpc_interceptor_proto::default_stubs::greeter_server::GreeterServer;

    let mut client = connect(GreeterServer::new(Requests)).await;
    let [unary, client_streaming, _, bidirectional] = call_each(&mut client, "you").await;
    for answer in [unary, client_streaming, bidirectional] {
        let status = answer.status();
        assert_eq!(status.code(), Code::PermissionDenied, "{:?}", answer.kind);
        assert_eq!(status.message(), "not for greeter.v1", "{:?}", answer.kind);
    }
}

/// Reports the source of a status.
struct Sources(UnboundedSender<String>);

impl<N: Next> Interceptor<N> for Sources {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        let report = move |status: Status| {
            let mut sources = successors(status.source(), |error| (*error).source());
            let failure = sources.find_map(|error| error.downcast_ref::<Failure>());
            tell(&events, format!("{:?} {failure:?}", status.code()));
            status
        };
        let response = next.run(request).await.map_err(&report)?;
        Ok(response.map(|payload| payload.map_errors(report)))
    }
}

struct Watched {
    sources: Sources,
    tag: Tag,
}

failing!(Watched, [self.sources, ErrorToStatus::new().map(secrets), self.tag]);

#[tokio::test]
async fn the_original_error_and_the_metadata_are_kept() {
    let (sender, receiver) = events();
    let watched = Watched { sources: Sources(sender), tag: Tag("tag") };
    let mut client = connect(GreeterServer::new(watched)).await;
    let answers = call_each(&mut client, SECRET).await;
    for answer in &answers[..2] {
        assert_eq!(answer.values("from-handler"), ["tag"], "{:?}", answer.kind);
    }
    drop(client);
    let expected = r#"PermissionDenied Some(Secret("swordfish"))"#;
    assert_eq!(all(receiver).await, [expected; KINDS.len()]);
}

/// The inner one leaves unknown errors to the outer one, and settles those it knows.
struct Nested;

failing!(
    Nested,
    [
        ErrorToStatus::new().on_unknown(Code::Internal).map(secrets),
        ErrorToStatus::new().map(|error, _| error.is::<NotThis>().then(|| Status::ok("")))
    ]
);

#[derive(Debug, thiserror::Error)]
#[error("not this")]
struct NotThis;

struct Settled;

failing!(
    Settled,
    [INTERNAL, ErrorToStatus::new().map(|_, _| Some(Error::unknown("settled").into()))]
);

#[tokio::test]
async fn they_can_be_nested() {
    let mut client = connect(GreeterServer::new(Nested)).await;
    let answers = call_each(&mut client, SECRET).await;
    assert_each(&answers, Code::PermissionDenied, "not for greeter.v1");
    let mut client = connect(GreeterServer::new(Settled)).await;
    assert_each(&call_each(&mut client, SECRET).await, Code::Unknown, "settled");
}
