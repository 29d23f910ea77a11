//! Interceptors that change messages or answer themselves: alone and in a list, around a server and
//! a channel.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, LayerInterceptors, MessageStream, Next, Outcome,
    Payload as _, RawMessage, RawPayload, intercepted,
    interceptors::{AnyMessage, ErrorToStatus, List},
    testing::{self, RunningServer},
};
use grpc_interceptor_proto::greeter::greeter_server;
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request, Response, Status, Streaming,
    body::Body,
    client::GrpcService,
    codegen::{Bytes, StdError, http},
    metadata::MetadataValue,
    service::interceptor::InterceptedService,
};
use tower::Layer as _;

use crate::{
    greeter::Greeter,
    interceptors::Log,
    support::{
        Answer, BoxStream, GreetManyTimesRequest, GreeterClient, GreeterServer, HelloReply,
        HelloRequest, NOBODY, call_each_on, hello, many, plain_answers, read, reply, soon,
    },
};

/// Runs a closure with clients of a greeter whose calls pass the layer: on the server, and on the
/// client.
async fn on_both_sides<I>(
    make: impl Fn() -> I,
    check: impl AsyncFn(&'static str, &mut dyn Call, &Greeter),
) where
    I: LayerInterceptors,
{
    let greeter = Greeter::default();
    let layer = InterceptorLayer::new(make());
    let server = testing::serve(layer.layer(greeter.server())).start().await.unwrap();
    check("on the server", &mut GreeterClient::new(server.channel()), &greeter).await;

    let greeter = Greeter::default();
    let layer = InterceptorLayer::new(make());
    let server = testing::serve(greeter.server()).start().await.unwrap();
    let mut client = GreeterClient::new(layer.layer(server.channel()));
    check("on the client", &mut client, &greeter).await;
}

/// A client over any channel.
#[tonic::async_trait]
trait Call: Send {
    async fn each(&mut self, name: &str) -> [Answer; 4];
    async fn chat(
        &mut self,
        names: &[&'static str],
    ) -> Result<(Vec<String>, Result<(), Status>), Status>;
}

#[tonic::async_trait]
impl<C> Call for GreeterClient<C>
where
    C: GrpcService<Body, Error: Into<StdError>, Future: Send> + Send,
    C::ResponseBody: http_body::Body<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
{
    async fn each(&mut self, name: &str) -> [Answer; 4] {
        call_each_on(self, name, &[]).await
    }

    async fn chat(
        &mut self,
        names: &[&'static str],
    ) -> Result<(Vec<String>, Result<(), Status>), Status> {
        let names: Vec<_> = names.iter().map(|name| hello(name)).collect();
        let answers = GreeterClient::chat(self, tokio_stream::iter(names));
        Ok(read(soon(answers).await?.into_inner()).await)
    }
}

fn messages(answers: &[Answer; 4]) -> [Vec<String>; 4] {
    answers.each_ref().map(|answer| answer.messages().to_vec())
}

/// The text is the first field of each message. The rest of a request is kept.
fn shout(message: &RawMessage, context: Context) -> RawMessage {
    match context.method_name().method() {
        "GreetManyTimes" => {
            let mut message: GreetManyTimesRequest = message.decode().unwrap();
            message.name.make_ascii_uppercase();
            RawMessage::encode(&message)
        }
        _ => {
            let mut message: HelloRequest = message.decode().unwrap();
            message.name.make_ascii_uppercase();
            RawMessage::encode(&message)
        }
    }
}

fn exclaim(message: &RawMessage) -> RawMessage {
    let HelloReply { message } = message.decode().unwrap();
    RawMessage::encode(&reply(message + "!"))
}

struct Shout;

impl<N> Interceptor<N> for Shout
where
    N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let request =
            request.map(|payload| payload.map_messages(move |message| shout(&message, context)));
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_messages(|message| exclaim(&message))))
    }
}

/// The same in a list.
struct ShoutAny;

impl<N> Interceptor<N> for ShoutAny
where
    N: Next<RequestMessage = AnyMessage, ResponseMessage = AnyMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let request = request.map(|payload| {
            payload.map_messages(move |mut message| {
                let raw: &mut RawMessage = message.downcast_mut().unwrap();
                *raw = shout(raw, context);
                message
            })
        });
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.map_messages(|mut message| {
                let raw: &mut RawMessage = message.downcast_mut().unwrap();
                *raw = exclaim(raw);
                message
            })
        }))
    }
}

#[tokio::test]
async fn messages_are_changed_in_both_directions() {
    let check = async |side: &'static str, client: &mut dyn Call, _: &Greeter| {
        let expected = plain_answers("ADA");
        let expected =
            expected.map(|answers| answers.into_iter().map(|answer| answer + "!").collect());
        let expected: [Vec<String>; 4] = expected;
        assert_eq!(messages(&client.each("Ada").await), expected, "{side}");
        // A failure in the middle is unchanged.
        let (messages, end) = client.chat(&["Ada", NOBODY]).await.unwrap();
        assert_eq!(messages, ["Hello ADA!", "Hello NOBODY!"]);
        end.unwrap();
    };
    on_both_sides(|| Shout, check).await;
    on_both_sides(|| List::new().with(ShoutAny), check).await;
    on_both_sides(|| (Log::default(), List::new().with(Log::default()).with(ShoutAny)), check)
        .await;
}

/// Drops all messages that contain this, in both directions.
struct LeaveOut;

impl<N> Interceptor<N> for LeaveOut
where
    N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        fn without(
            messages: MessageStream<RawMessage>,
            text: &'static [u8],
        ) -> MessageStream<RawMessage> {
            MessageStream::new(messages.filter(move |message| {
                let Ok(message) = message else { return true };
                let bytes = message.bytes().unwrap();
                !bytes.windows(text.len()).any(|part| part == text)
            }))
        }
        let request =
            request.map(|payload| payload.map_stream(|messages| without(messages, b"Bob")));
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_stream(|messages| without(messages, b"Eve"))))
    }
}

#[tokio::test]
async fn messages_are_dropped() {
    on_both_sides(
        || (Log::default(), LeaveOut),
        async |side: &'static str, client: &mut dyn Call, _: &Greeter| {
            let names = ["Bob", "Ada", "Eve", "Bob", "Grace", "Eve", NOBODY];
            let (messages, end) = client.chat(&names).await.unwrap();
            assert_eq!(messages, ["Hello Ada", "Hello Grace"], "{side}");
            assert_eq!(end.unwrap_err().code(), Code::NotFound);
            assert_eq!(client.chat(&["Bob", "Eve"]).await.unwrap().0.len(), 0);
            assert_eq!(messages_of(client, "Ada").await, plain_answers("Ada"));
        },
    )
    .await;
}

async fn messages_of(client: &mut dyn Call, name: &str) -> [Vec<String>; 4] {
    messages(&client.each(name).await)
}

/// Answers calls itself: with one message, or on streams with two messages and trailers.
struct Own;

impl<N: Next<Response = RawPayload>> Interceptor<N> for Own {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let message = |text: &str| RawMessage::encode(&reply(text));
        let payload: RawPayload = match context.method_name().method() {
            "SayHello" | "GreetEverybody" => message("cached").into(),
            "GreetManyTimes" => {
                let messages = [message("one"), message("two")].map(Ok);
                MessageStream::new(tokio_stream::iter(messages)).into()
            }
            _ => return next.run(request).await,
        };
        let mut response = Response::new(payload);
        response.metadata_mut().insert("from", MetadataValue::from_static("a cache"));
        Ok(response)
    }
}

#[tokio::test]
async fn an_interceptor_answers_the_call_itself() {
    on_both_sides(
        || (Log::default(), Own),
        async |side: &'static str, client: &mut dyn Call, greeter: &Greeter| {
            let answers = client.each("Ada").await;
            let [unary, streaming, many, chat] = &answers;
            assert_eq!(unary.messages(), ["cached"], "{side}");
            assert_eq!(streaming.messages(), ["cached"]);
            assert_eq!(many.messages(), ["one", "two"]);
            assert_eq!(chat.messages(), ["Hello Ada", "Hello Ada"]);
            for answer in &answers[..3] {
                assert_eq!(answer.values("from"), ["a cache"]);
            }
            assert_eq!(greeter.runs(), 1);
        },
    )
    .await;
}

/// Replaces failures with answers, and answers with failures.
struct Turn;

impl<N: Next<Response = RawPayload>> Interceptor<N> for Turn {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match next.run(request).await {
            Err(status) if status.code() == Code::NotFound => {
                Ok(Response::new(RawMessage::encode(&reply("a stranger")).into()))
            }
            Ok(response) if response.metadata().contains_key("refuse") => {
                Err(Status::data_loss("refused"))
            }
            outcome => outcome,
        }
    }
}

#[tokio::test]
async fn a_failure_becomes_an_answer() {
    on_both_sides(
        || (Log::default(), Turn),
        async |side: &'static str, client: &mut dyn Call, _: &Greeter| {
            let [unary, streaming, many, chat] = client.each(NOBODY).await;
            assert_eq!(unary.messages(), ["a stranger"], "{side}");
            assert_eq!(streaming.messages(), ["a stranger"]);
            // A stream's failure comes after the response.
            assert_eq!(many.status().code(), Code::NotFound);
            assert_eq!(chat.status().code(), Code::NotFound);
        },
    )
    .await;
}

#[tokio::test]
async fn an_answer_becomes_a_failure() {
    struct Mark;

    impl<N: Next> Interceptor<N> for Mark {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let mut response = next.run(request).await?;
            response.metadata_mut().insert("refuse", MetadataValue::from_static("it"));
            Ok(response)
        }
    }

    on_both_sides(
        || (Turn, Mark),
        async |_: &'static str, client: &mut dyn Call, _: &Greeter| {
            for answer in client.each("Ada").await {
                assert_eq!(
                    (answer.status().code(), answer.status().message()),
                    (Code::DataLoss, "refused")
                );
            }
        },
    )
    .await;
}

/// Changes errors wherever they occur, and the metadata before and after the messages.
struct Change;

impl<N: Next> Interceptor<N> for Change {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        fn changed(status: &Status) -> Status {
            let mut changed = Status::with_details(
                Code::FailedPrecondition,
                format!("changed: {}", status.message()),
                b"details"[..].into(),
            );
            changed.metadata_mut().insert("more", MetadataValue::from_static("of it"));
            changed
        }
        request.metadata_mut().append("to-handler", MetadataValue::from_static("a"));
        request.metadata_mut().append("to-handler", MetadataValue::from_static("b"));
        let mut response = next.run(request).await.map_err(|status| changed(&status))?;
        response.metadata_mut().remove("seen");
        response.metadata_mut().append("seen", MetadataValue::from_static("c"));
        response.metadata_mut().insert_bin("some-bin", MetadataValue::from_bytes(b"\0\xff"));
        Ok(response.map(|payload| {
            let payload = payload.map_errors(|status| changed(&status));
            payload.map_trailers(|trailers| {
                trailers.insert("trailer", MetadataValue::from_static("behind"));
            })
        }))
    }
}

#[tokio::test]
async fn errors_metadata_and_trailers_are_changed() {
    let check = async |side: &'static str, client: &mut dyn Call, _: &Greeter| {
        for answer in client.each(NOBODY).await {
            let status = answer.status();
            assert_eq!(status.code(), Code::FailedPrecondition, "{side}");
            assert_eq!(status.message(), "changed: nobody is here");
            assert_eq!(status.details(), b"details");
            assert_eq!(status.metadata().get("more").unwrap(), "of it");
        }
        let answers = client.each("Ada").await;
        assert_eq!(messages(&answers), plain_answers("Ada"));
        for answer in &answers {
            assert_eq!(answer.values("seen"), ["c"]);
            let bytes = answer.metadata.get_bin("some-bin").unwrap().to_bytes().unwrap();
            assert_eq!(bytes, &b"\0\xff"[..]);
        }
        // For a single message, tonic's client merges them into the metadata.
        assert_eq!(answers[0].values("trailer"), ["behind"]);
        assert_eq!(answers[1].values("trailer"), ["behind"]);
    };
    on_both_sides(|| Change, check).await;
    on_both_sides(|| List::new().with(Change), check).await;
    on_both_sides(|| (Log::default(), List::new().with(Log::default()).with(Change)), check).await;
}

#[tokio::test]
async fn trailers_come_after_a_stream() {
    let greeter = Greeter::default();
    let server = InterceptorLayer::new(Change).layer(greeter.server());
    let server = testing::serve(server).start().await.unwrap();
    let mut client = GreeterClient::new(server.channel());
    let mut stream = soon(client.greet_many_times(many("Ada", 1))).await.unwrap().into_inner();
    assert!(soon(stream.message()).await.unwrap().is_some());
    let trailers = soon(stream.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers.get("trailer").unwrap(), "behind");
}

/// Returns custom errors.
struct Failing;

#[intercepted]
impl greeter_server::Greeter for Failing {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, io::Error> {
        Err(io::Error::new(io::ErrorKind::NotFound, "the secret file"))
    }

    async fn greet_everybody(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, io::Error> {
        Err(io::Error::other("the secret state"))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, io::Error> {
        Err(io::Error::new(io::ErrorKind::NotFound, "the secret file"))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::aborted("on purpose"))
    }
}

#[tokio::test]
async fn handlers_errors_are_mapped_to_statuses() {
    fn missing(error: &(dyn std::error::Error + 'static), _: &Context) -> Option<Status> {
        let kind = error.downcast_ref::<io::Error>()?.kind();
        (kind == io::ErrorKind::NotFound).then(|| Status::not_found("there is no greeting"))
    }

    let errors = || ErrorToStatus::new().map(missing).on_unknown(Code::Internal);
    let list = List::new().with(Log::default()).with(errors());
    let servers: [RunningServer; 2] = [
        testing::serve(InterceptorLayer::new(errors()).layer(GreeterServer::new(Failing)))
            .start()
            .await
            .unwrap(),
        testing::serve(InterceptorLayer::new(list).layer(GreeterServer::new(Failing)))
            .start()
            .await
            .unwrap(),
    ];
    for server in servers {
        let answers = call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await;
        let statuses = answers
            .each_ref()
            .map(|answer| (answer.status().code(), answer.status().message().to_owned()));
        let expected = [
            (Code::NotFound, "there is no greeting"),
            (Code::Internal, "Internal error"),
            (Code::NotFound, "there is no greeting"),
            (Code::Aborted, "on purpose"),
        ];
        assert_eq!(statuses, expected.map(|(code, text)| (code, text.to_owned())));
    }
}

/// Retries unavailable calls if they can be sent again.
struct Retry;

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let again = next.clone_request(&request);
        match (next.run(request).await, again) {
            (Err(status), Some(again)) if status.code() == Code::Unavailable => {
                next.run(again).await
            }
            (outcome, _) => outcome,
        }
    }
}

#[tokio::test]
async fn a_client_retries_single_messages() {
    async fn check<I>(interceptors: I)
    where
        I: LayerInterceptors,
    {
        let calls = Arc::new(AtomicUsize::new(0));
        let flaky = {
            let calls = calls.clone();
            move |request: Request<()>| match calls.fetch_add(1, Ordering::SeqCst) % 2 {
                0 => Err(Status::unavailable("try again")),
                _ => Ok(request),
            }
        };
        let server = InterceptedService::new(Greeter::default().server(), flaky);
        let server = testing::serve(server).start().await.unwrap();
        let channel = InterceptorLayer::new(interceptors).layer(server.channel());
        let mut client = GreeterClient::new(channel);
        let response = soon(client.say_hello(hello("Ada"))).await.unwrap();
        assert_eq!(response.into_inner().message, "Hello Ada");
        let response = soon(client.greet_many_times(many("Ada", 2))).await.unwrap();
        assert_eq!(read(response.into_inner()).await.0.len(), 2);
        assert_eq!(calls.load(Ordering::SeqCst), 4);
        // Messages that haven't arrived yet can't be sent again.
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let names = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let status = soon(client.chat(names)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(calls.load(Ordering::SeqCst), 5);
        drop(sender);
    }

    check(Retry).await;
    check((Log::default(), Retry, Log::default())).await;
    check(List::new().with(Retry)).await;
    check(List::new().with(Log::default()).with(Retry).with(Log::default())).await;
}

/// Refuses a message in the middle.
#[tokio::test]
async fn a_message_is_refused() {
    struct Refuse;

    impl<N: Next<RequestMessage = RawMessage>> Interceptor<N> for Refuse {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let (metadata, extensions, payload) = request.into_parts();
            let payload = payload.try_map_messages(|message| {
                match message.decode::<HelloRequest>()?.name.as_str() {
                    "Eve" => Err(Status::invalid_argument("not Eve")),
                    _ => Ok(message),
                }
            })?;
            next.run(Request::from_parts(metadata, extensions, payload)).await
        }
    }

    on_both_sides(
        || (Log::default(), Refuse),
        async |side: &'static str, client: &mut dyn Call, greeter: &Greeter| {
            let answers = client.each("Eve").await;
            for answer in answers {
                assert_eq!(answer.status().code(), Code::InvalidArgument, "{side}");
                assert_eq!(answer.status().message(), "not Eve");
            }
            let runs = greeter.runs();
            assert_eq!(messages_of(client, "Ada").await, plain_answers("Ada"));
            assert_eq!(greeter.runs(), runs + 4);
        },
    )
    .await;
}

#[tokio::test]
async fn extensions_from_an_interceptor_reach_the_handler() {
    #[derive(Clone, Debug, PartialEq)]
    struct User(&'static str);

    struct LogIn;

    impl<N: Next> Interceptor<N> for LogIn {
        async fn intercept(
            &self,
            mut request: Request<N::Request>,
            _: Context,
            next: N,
        ) -> Outcome<N> {
            request.extensions_mut().insert(User("Ada"));
            let mut response = next.run(request).await?;
            assert_eq!(response.extensions_mut().remove::<User>(), Some(User("Grace")));
            Ok(response)
        }
    }

    let see = |request: Request<()>| match request.extensions().get::<User>() {
        Some(User("Ada")) => Ok(request),
        _ => Err(Status::unauthenticated("nobody")),
    };
    let inside = InterceptedService::new(Greeter::default().server(), see);
    let inside = tower::util::MapResponse::new(inside, |mut response: http::Response<_>| {
        response.extensions_mut().insert(User("Grace"));
        response
    });
    let server = testing::serve(InterceptorLayer::new(LogIn).layer(inside)).start().await.unwrap();
    for answer in call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await {
        assert!(answer.result.is_ok());
    }
}
