//! A handler can return any error, and its streams can yield any. A status in the chain of sources
//! decides, and nothing else of the error reaches the caller.

mod support;

use std::{error::Error as _, io};

use grpc_interceptor::{
    Context, Error, Interceptor, MessageStream, Next, Outcome, Payload as _, intercepted,
};
use grpc_interceptor_proto::{default_stubs, greeter::greeter_server};
use support::{
    BoxStream, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, KINDS, NOBODY, all,
    call_each, connect, events,
    failing::{ABORTED, Failure, Failures, OK, RAISED, SECRET, failing},
    greeter, hello, many, names, plain_answers, read, reply, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Request, Response, Status, Streaming};

struct Plain;

failing!(Plain, []);

#[tokio::test]
async fn no_exception() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
}

#[tokio::test]
async fn an_error_with_a_code_decides() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    for answer in call_each(&mut client, RAISED).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::NotFound, "{kind:?}");
        assert_eq!(status.message(), "Sorry, your thing is missing", "{kind:?}");
    }
}

#[tokio::test]
async fn a_status_decides_with_all_its_parts() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    for answer in call_each(&mut client, ABORTED).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::Aborted, "{kind:?}");
        assert_eq!(status.message(), "somebody was faster", "{kind:?}");
        assert_eq!(status.metadata().get("by").expect("it is sent"), "handler", "{kind:?}");
    }
}

#[tokio::test]
async fn any_other_error_is_unknown_and_its_text_stays_on_the_server() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    for answer in call_each(&mut client, SECRET).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::Unknown, "{kind:?}");
        assert_eq!(status.message(), "Unknown error", "{kind:?}");
        assert!(!format!("{status:?}").contains("swordfish"), "{kind:?}");
    }
}

#[tokio::test]
async fn an_error_in_a_server_stream_after_some_messages() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    let response = soon(client.greet_many_times(many(RAISED, 3))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello raised 0"]);
    assert_eq!(end.expect_err("the second one fails").code(), Code::NotFound);

    let response = soon(client.chat(names(["a", "b", SECRET, "c"]))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello a", "Hello b"]);
    assert_eq!(end.expect_err("the third one fails").code(), Code::Unknown);
}

#[tokio::test]
async fn an_error_instead_of_a_server_stream() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    let outcome = soon(client.greet_many_times(many(RAISED, 0))).await;
    assert_eq!(outcome.expect_err("there is no stream").code(), Code::NotFound);
}

#[tokio::test]
async fn refusing_ok() {
    let mut client = connect(GreeterServer::new(Plain)).await;
    for answer in call_each(&mut client, OK).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::Unknown, "{kind:?}");
        let text = "the status OK was returned as an error: all is well";
        assert_eq!(status.message(), text, "{kind:?}");
    }
}

async fn ok_as_an_error<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    Err(Status::ok(""))
}

async fn ok_in_the_stream<N: Next>(
    request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.map_errors(|_| Status::ok(""))))
}

struct OkAtOnce;
struct OkInTheStream;

greeter!(OkAtOnce, [ok_as_an_error]);
greeter!(OkInTheStream, [], [], [], [ok_in_the_stream], [ok_in_the_stream]);

#[tokio::test]
async fn refusing_ok_of_an_interceptor() {
    let mut client = connect(GreeterServer::new(OkAtOnce)).await;
    for answer in call_each(&mut client, "you").await {
        assert_eq!(answer.status().code(), Code::Unknown, "{:?}", answer.kind);
    }
    let mut client = connect(GreeterServer::new(OkInTheStream)).await;
    for answer in &call_each(&mut client, NOBODY).await[2..] {
        assert_eq!(answer.status().code(), Code::Unknown, "{:?}", answer.kind);
    }
}

/// Reports the source of a status.
struct Sources(UnboundedSender<String>);

impl<N: Next> Interceptor<N> for Sources {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        let report = move |status: Status| {
            let failure = status.source().and_then(|source| source.downcast_ref::<Failure>());
            tell(&events, format!("{failure:?}"));
            status
        };
        let response = next.run(request).await.map_err(&report)?;
        Ok(response.map(|payload| payload.map_errors(report)))
    }
}

struct Watched {
    sources: Sources,
}

failing!(Watched, [self.sources]);

#[tokio::test]
async fn an_interceptor_can_access_the_original_error() {
    for (name, expected) in [
        (SECRET, r#"Some(Secret("swordfish"))"#),
        (
            RAISED,
            r#"Some(Raised(Error { code: NOT_FOUND, details: "Sorry, your thing is missing" }))"#,
        ),
    ] {
        let (sender, receiver) = events();
        let mut client = connect(GreeterServer::new(Watched { sources: Sources(sender) })).await;
        call_each(&mut client, name).await;
        drop(client);
        assert_eq!(all(receiver).await, [expected; KINDS.len()]);
    }
}

/// A different error type for each handler.
struct Mixed;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[intercepted]
impl greeter_server::Greeter for Mixed {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>> {
        let number: u32 = request.into_inner().name.parse()?;
        let number = number.checked_sub(1).ok_or(Error::out_of_range("zero is the least"))?;
        Ok(Response::new(reply(number.to_string())))
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> anyhow::Result<Response<HelloReply>> {
        use anyhow::Context as _;

        let mut requests = request.into_inner();
        while let Some(HelloRequest { name }) = requests.message().await? {
            match name.as_str() {
                "status" => return Err(Status::data_loss("a name is lost").into()),
                "wrapped" => Err(Error::aborted("once more")).context("while greeting")?,
                "io" => Err(io::Error::other("the password is swordfish"))?,
                _ => anyhow::bail!("the password is swordfish"),
            }
        }
        Ok(Response::new(reply("")))
    }

    type GreetManyTimesStream = MessageStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, String> {
        Err("the password is swordfish".to_owned())
    }

    type ChatStream = tokio_stream::Iter<std::array::IntoIter<Result<HelloReply, Error>, 2>>;

    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Error> {
        let items = [Ok(reply("one")), Err(Error::resource_exhausted("one is all there is"))];
        Ok(Response::new(tokio_stream::iter(items)))
    }
}

#[tokio::test]
async fn each_handler_can_return_its_own_error() {
    let mut client = connect(GreeterServer::new(Mixed)).await;
    let text = |status: Status| (status.code(), status.message().to_owned());
    let unknown = (Code::Unknown, "Unknown error".to_owned());

    let status = soon(client.say_hello(hello("no number"))).await.expect_err("it isn't one");
    assert_eq!(text(status), unknown);
    let status = soon(client.say_hello(hello("0"))).await.expect_err("it is too little");
    assert_eq!(text(status), (Code::OutOfRange, "zero is the least".to_owned()));

    for (name, expected) in [
        ("status", (Code::DataLoss, "a name is lost".to_owned())),
        ("wrapped", (Code::Aborted, "once more".to_owned())),
        ("io", unknown.clone()),
        ("bail", unknown.clone()),
    ] {
        let outcome = soon(client.greet_everybody(tokio_stream::once(hello(name)))).await;
        assert_eq!(text(outcome.expect_err("each of them fails")), expected, "{name}");
    }

    let status = soon(client.greet_many_times(many("you", 1))).await.expect_err("it fails");
    assert_eq!(text(status), unknown);

    let response = soon(client.chat(names(["you"]))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["one"]);
    let status = end.expect_err("there is one");
    assert_eq!(text(status), (Code::ResourceExhausted, "one is all there is".to_owned()));
}

/// With default stubs, a stream has no named type and is boxed.
struct Boxed;
struct BoxedOk;

#[intercepted]
impl default_stubs::greeter_server::Greeter for Boxed {
    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Failures>, Failure> {
        let items = [Ok(reply("one")), Err(Failure::Secret("swordfish"))];
        Ok(Response::new(Box::pin(tokio_stream::iter(items))))
    }
}

#[intercepted]
impl default_stubs::greeter_server::Greeter for BoxedOk {
    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let items = [Ok(reply("one")), Err(Status::ok("all is well"))];
        Ok(Response::new(Box::pin(tokio_stream::iter(items))))
    }
}

#[tokio::test]
async fn a_boxed_stream_yields_any_error_and_ok_is_its_end() {
    async fn end<S: support::GeneratedServer>(server: S) -> (Vec<String>, Result<(), Status>) {
        let mut client = connect(server).await;
        let response = soon(client.greet_many_times(many("you", 2))).await.expect("it starts");
        read(response.into_inner()).await
    }
    use default_stubs::greeter_server::GreeterServer;

    let (messages, failed) = end(GreeterServer::new(Boxed)).await;
    let failed = failed.expect_err("the second one fails");
    assert_eq!(messages, ["one"]);
    assert_eq!((failed.code(), failed.message()), (Code::Unknown, "Unknown error"));
    let (messages, ended) = end(GreeterServer::new(BoxedOk)).await;
    assert_eq!(messages, ["one"]);
    ended.expect("a stream's OK is its end");
}
