//! Interceptors see, change, replace and end the messages of streams one by one, in both
//! directions.

mod support;

use std::fmt::Debug;

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload, intercepted};
use grpc_interceptor_proto::default_stubs as stubs;
use support::{
    BoxStream, Client, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, KINDS, all,
    call_each, connect, events, greeter, hello, many, metadata_of, names, next, read, reply, soon,
    tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{
    Code, Request, Response, Status, Streaming,
    metadata::{Ascii, MetadataValue},
};

/// Describes a payload: whether it is a stream, and whether it has a single message.
fn description<M>(payload: &mut impl Payload<M>) -> MetadataValue<Ascii> {
    let described = [
        Payload::is_stream(payload),
        Payload::single(payload).is_some(),
        payload.single_mut().is_some(),
    ];
    format!("{described:?}").parse().expect("it is ASCII")
}

async fn describe<N: Next>(mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let of_request = description(request.get_mut());
    let mut response = next.run(request).await?;
    let of_response = description(response.get_mut());
    response.metadata_mut().insert("request", of_request);
    response.metadata_mut().insert("response", of_response);
    Ok(response)
}

struct Described;

greeter!(Described, [describe]);

#[tokio::test]
async fn a_payload_is_a_stream_or_has_a_single_message() {
    const ONE: &str = "[false, true, true]";
    const MANY: &str = "[true, false, false]";
    let mut client = connect(GreeterServer::new(Described)).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.kind), KINDS);
    assert_eq!(
        answers
            .each_ref()
            .map(|answer| [answer.values("request")[0], answer.values("response")[0]]),
        [[ONE, ONE], [MANY, ONE], [ONE, MANY], [MANY, MANY]]
    );
}

/// Changes the message if there is a single one.
async fn change_single<N>(mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest, ResponseMessage = HelloReply>,
{
    if let Some(HelloRequest { name }) = request.get_mut().single_mut() {
        name.make_ascii_uppercase();
    }
    let mut response = next.run(request).await?;
    if let Some(HelloReply { message }) = response.get_mut().single_mut() {
        message.push('!');
    }
    Ok(response)
}

struct SingleChanged;

greeter!(SingleChanged, [], [change_single], [change_single], [], [change_single]);

#[tokio::test]
async fn a_single_message_is_changed_in_place_and_a_stream_is_left_alone() {
    let mut client = connect(GreeterServer::new(SingleChanged)).await;
    let [unary, client_streaming, _, chat] = call_each(&mut client, "you").await;
    assert_eq!(unary.messages(), ["Hello YOU!"]);
    assert_eq!(client_streaming.messages(), ["Hello you and you!"]);
    assert_eq!(chat.messages(), ["Hello you", "Hello you"]);
}

/// Reports each message that passes.
struct Inspect(UnboundedSender<String>);

impl<N> Interceptor<N> for Inspect
where
    N: Next<RequestMessage: Debug, ResponseMessage: Debug>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        let request = request.map(|payload| {
            payload.inspect_messages(move |message| tell(&events, format!("in: {message:?}")))
        });
        let events = self.0.clone();
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.inspect_messages(move |message| tell(&events, format!("out: {message:?}")))
        }))
    }
}

struct Inspected {
    inspect: Inspect,
}

greeter!(Inspected, [self.inspect]);

#[tokio::test]
async fn every_message_of_every_kind_of_rpc_is_seen_in_order() {
    let (sender, mut receiver) = events();
    let mut client = connect(GreeterServer::new(Inspected { inspect: Inspect(sender) })).await;
    let came_in = |name| format!("in: {:?}", hello(name));
    let went_out = |message: &str| format!("out: {:?}", reply(message));
    let mut expect = async |events: Vec<String>| {
        for event in events {
            assert_eq!(next(&mut receiver).await, event);
        }
    };

    soon(client.say_hello(hello("a"))).await.expect("a is greeted");
    expect(vec![came_in("a"), went_out("Hello a")]).await;

    soon(client.greet_everybody(names(["a", "b", "c"]))).await.expect("all are greeted");
    expect(vec![came_in("a"), came_in("b"), came_in("c"), went_out("Hello a and b and c")]).await;

    let response = soon(client.greet_many_times(many("a", 3))).await.expect("a is greeted");
    read(response.into_inner()).await.1.expect("the stream is complete");
    let request = format!("in: {:?}", many("a", 3));
    expect(vec![request, went_out("Hello a 0"), went_out("Hello a 1"), went_out("Hello a 2")])
        .await;

    let response = soon(client.chat(names(["a", "b"]))).await.expect("the chat starts");
    read(response.into_inner()).await.1.expect("the stream is complete");
    expect(vec![came_in("a"), went_out("Hello a"), came_in("b"), went_out("Hello b")]).await;

    drop(client);
    assert_eq!(all(receiver).await, [""; 0]);
}

#[tokio::test]
async fn each_message_passes_before_the_next_one_arrives() {
    let (sender, _receiver) = events();
    let mut client = connect(GreeterServer::new(Inspected { inspect: Inspect(sender) })).await;
    let (requests, outgoing) = events();
    let response = soon(client.chat(UnboundedReceiverStream::new(outgoing)));
    let mut replies = response.await.expect("the chat starts").into_inner();
    // If the chain held messages back, this would hang.
    for name in ["a", "b", "c"] {
        tell(&requests, hello(name));
        let answer = soon(replies.message()).await.expect("the stream continues");
        assert_eq!(answer, Some(reply(format!("Hello {name}"))));
    }
    drop(requests);
    assert_eq!(soon(replies.message()).await.expect("the stream completes"), None);
}

/// Marks each message that passes.
struct Mark(&'static str);

impl<N> Interceptor<N> for Mark
where
    N: Next<RequestMessage = HelloRequest, ResponseMessage = HelloReply>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let mark = self.0;
        let request = request.map(|payload| {
            payload.map_messages(move |HelloRequest { name }| HelloRequest { name: name + mark })
        });
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.map_messages(move |HelloReply { message }| reply(message + mark))
        }))
    }
}

struct Marked;

greeter!(
    Marked,
    [],
    [Mark("1"), Mark("2")],
    [Mark("1"), Mark("2")],
    [],
    [Mark("1"), Mark("2"), Mark("3")]
);

#[tokio::test]
async fn each_message_passes_the_chain_in_order() {
    let mut client = connect(GreeterServer::new(Marked)).await;
    let [unary, client_streaming, _, chat] = call_each(&mut client, "you").await;
    assert_eq!(unary.messages(), ["Hello you1221"]);
    assert_eq!(client_streaming.messages(), ["Hello you12 and you1221"]);
    assert_eq!(chat.messages(), ["Hello you123321", "Hello you123321"]);
}

/// A greeter that answers a request stream with everything it read.
macro_rules! transcript {
    ($greeter:ident, [$($entries:tt)*]) => {
        struct $greeter;

        #[intercepted($($entries)*)]
        impl stubs::greeter_server::Greeter for $greeter {
            async fn greet_everybody(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                let message = transcript(request.into_inner()).await;
                Ok(Response::new(reply(message)))
            }
        }
    };
}

/// Continues after an error, until the stream reports its end.
async fn transcript(mut stream: Streaming<HelloRequest>) -> String {
    let mut transcript = Vec::new();
    // No test sends this many, so a stream that never ends fails the test.
    for _ in 0..20 {
        match stream.message().await {
            Ok(Some(message)) => transcript.push(message.name),
            Err(status) => transcript.push(format!("{:?}: {}", status.code(), status.message())),
            Ok(None) => {
                transcript.push("end".to_owned());
                break;
            }
        }
    }
    transcript.join(", ")
}

/// What the handler of such a greeter reads when the client sends these names.
async fn transcript_of<S>(service: S, names: &'static [&'static str]) -> String
where
    S: stubs::greeter_server::Greeter,
{
    let mut client = connect(stubs::greeter_server::GreeterServer::new(service)).await;
    let requests = tokio_stream::iter(names).map(|name| hello(name));
    let response = soon(client.greet_everybody(requests)).await.expect("the handler answers");
    response.into_inner().message
}

/// Refuses the message "bad".
async fn refuse_bad<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let (metadata, extensions, payload) = request.into_parts();
    let payload = payload.try_map_messages(|message| match message.name.as_str() {
        "bad" => Err(Status::invalid_argument("that is bad")),
        _ => Ok(message),
    })?;
    next.run(Request::from_parts(metadata, extensions, payload)).await
}

transcript!(BadRefused, [refuse_bad]);

#[tokio::test]
async fn a_wrapped_request_stream_reaches_the_handler_whole_and_in_order() {
    let transcript = transcript_of(BadRefused, &["a", "b", "c", "d"]).await;
    assert_eq!(transcript, "a, b, c, d, end");
    assert_eq!(transcript_of(BadRefused, &[]).await, "end");
}

#[tokio::test]
async fn a_refused_message_ends_the_request_stream() {
    let transcript = transcript_of(BadRefused, &["a", "b", "bad", "c", "bad"]).await;
    assert_eq!(transcript, "a, b, InvalidArgument: that is bad, end");
}

/// Fails with the code named by the message.
async fn fail_with_code<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let (metadata, extensions, payload) = request.into_parts();
    let payload = payload.try_map_messages(|message| match message.name.parse() {
        Ok(code) => Err(Status::new(Code::from_i32(code), "as you wish")),
        Err(_) => Ok(message),
    })?;
    next.run(Request::from_parts(metadata, extensions, payload)).await
}

transcript!(FailsWithCode, [fail_with_code]);

#[tokio::test]
async fn a_request_streams_error_code_reaches_the_handler() {
    const CODES: [&str; 16] =
        ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"];
    for name in &CODES {
        let code = Code::from_bytes(name.as_bytes());
        let transcript = transcript_of(FailsWithCode, std::slice::from_ref(name)).await;
        assert_eq!(transcript, format!("{code:?}: as you wish, end"));
    }
}

/// Replaces the error with a milder one.
async fn soften<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let soften = |status: Status| Status::new(Code::FailedPrecondition, status.message());
    next.run(request.map(|payload| payload.map_errors(soften))).await
}

transcript!(Softened, [refuse_bad, soften]);

#[tokio::test]
async fn a_request_streams_error_can_be_replaced() {
    let transcript = transcript_of(Softened, &["a", "bad", "b"]).await;
    assert_eq!(transcript, "a, FailedPrecondition: that is bad, end");
}

/// Reads ahead, and gives the handler other messages instead.
async fn in_pairs<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = MessageStream<HelloRequest>>,
{
    let (metadata, extensions, mut stream) = request.into_parts();
    let mut pairs = Vec::new();
    while let Some(mut pair) = stream.message().await? {
        if let Some(second) = stream.message().await? {
            pair.name.push_str(&second.name);
        }
        pairs.push(Ok(pair));
    }
    let pairs = MessageStream::new(tokio_stream::iter(pairs));
    next.run(Request::from_parts(metadata, extensions, pairs)).await
}

transcript!(InPairs, [in_pairs]);

#[tokio::test]
async fn a_request_stream_can_be_replaced() {
    assert_eq!(transcript_of(InPairs, &["a", "b", "c", "d", "e"]).await, "ab, cd, e, end");
}

/// Looks at the first message before the handler is called.
async fn peek<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = MessageStream<HelloRequest>>,
{
    let (metadata, extensions, mut stream) = request.into_parts();
    let first = stream.message().await?.ok_or_else(|| Status::invalid_argument("say something"))?;
    let stream = MessageStream::new(tokio_stream::once(Ok(first)).chain(stream));
    next.run(Request::from_parts(metadata, extensions, stream)).await
}

transcript!(Peeked, [peek]);

#[tokio::test]
async fn a_partly_read_request_stream_continues() {
    assert_eq!(transcript_of(Peeked, &["a", "b", "c"]).await, "a, b, c, end");
}

/// Reports when it is dropped.
struct Dropped(UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        tell(&self.0, "dropped");
    }
}

/// Answers endlessly until it is stopped.
struct Endless {
    dropped: UnboundedSender<&'static str>,
}

fn count(name: String, dropped: Dropped) -> BoxStream<HelloReply> {
    let mut number = 0;
    Box::pin(tokio_stream::iter(std::iter::from_fn(move || {
        let _held = &dropped;
        number += 1;
        Some(Ok(reply(format!("{name} {number}"))))
    })))
}

/// Lets three messages pass.
async fn three<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let (metadata, payload, extensions) = next.run(request).await?.into_parts();
    let mut left = 3;
    let payload = payload.try_map_messages(move |message| {
        if left == 0 {
            return Err(Status::resource_exhausted("three are enough"));
        }
        left -= 1;
        Ok(message)
    })?;
    Ok(Response::from_parts(metadata, payload, extensions))
}

/// Does the same as `three` if the request asks for it, and then completes the stream successfully.
async fn end_well<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    let well = request.metadata().contains_key("end-well");
    let response = next.run(request).await?;
    match well {
        true => Ok(response.map(|stream| MessageStream::new(stream.take_while(Result::is_ok)))),
        false => Ok(response),
    }
}

#[intercepted]
impl grpc_interceptor_proto::greeter::greeter_server::Greeter for Endless {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        support::say_hello(request).await
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        support::greet_everybody(request).await
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    #[rpc(with(end_well, three))]
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let dropped = Dropped(self.dropped.clone());
        Ok(Response::new(count(request.into_inner().name, dropped)))
    }

    type ChatStream = BoxStream<HelloReply>;

    #[rpc(with(end_well, three))]
    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(count("chat".to_owned(), Dropped(self.dropped.clone()))))
    }
}

async fn endless() -> (Client, tokio::sync::mpsc::UnboundedReceiver<&'static str>) {
    let (dropped, receiver) = events();
    (connect(GreeterServer::new(Endless { dropped })).await, receiver)
}

#[tokio::test]
async fn a_refused_message_ends_the_response_stream_and_drops_the_handlers() {
    let (mut client, mut dropped) = endless().await;
    let response = soon(client.greet_many_times(many("a", 0))).await.expect("a is greeted");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["a 1", "a 2", "a 3"]);
    let status = end.expect_err("the interceptor ends it");
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "three are enough"));
    assert_eq!(next(&mut dropped).await, "dropped");

    let response = soon(client.chat(names([]))).await.expect("the chat starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["chat 1", "chat 2", "chat 3"]);
    assert_eq!(end.expect_err("the interceptor ends it").code(), Code::ResourceExhausted);
    assert_eq!(next(&mut dropped).await, "dropped");
}

#[tokio::test]
async fn a_response_stream_can_be_shortened() {
    let (mut client, mut dropped) = endless().await;
    let mut request = Request::new(many("a", 0));
    request.metadata_mut().insert("end-well", MetadataValue::from_static("yes"));
    let response = soon(client.greet_many_times(request)).await.expect("a is greeted");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["a 1", "a 2", "a 3"]);
    end.expect("the stream completes");
    assert_eq!(next(&mut dropped).await, "dropped");
}

/// Reports whether it refuses the message at once.
async fn refuse_bad_and_say_when<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let (metadata, extensions, payload) = request.into_parts();
    let refused = payload.try_map_messages(|message| match message.name.as_str() {
        "bad" => Err(Status::invalid_argument("that is bad")),
        _ => Ok(message),
    });
    let refused_at_once = refused.is_err();
    let mut outcome = match refused {
        Ok(payload) => next.run(Request::from_parts(metadata, extensions, payload)).await,
        Err(status) => Err(status),
    };
    if refused_at_once {
        metadata_of(&mut outcome).insert("refused", MetadataValue::from_static("at once"));
    }
    outcome
}

struct Refusing;

greeter!(
    Refusing,
    [],
    [refuse_bad_and_say_when],
    [refuse_bad_and_say_when],
    [],
    [refuse_bad_and_say_when]
);

#[tokio::test]
async fn a_single_message_is_refused_immediately_and_a_stream_when_it_is_read() {
    let mut client = connect(GreeterServer::new(Refusing)).await;
    let [unary, client_streaming, _, chat] = call_each(&mut client, "bad").await;
    for answer in [&unary, &client_streaming, &chat] {
        assert_eq!(answer.status().code(), Code::InvalidArgument, "{:?}", answer.kind);
    }
    assert_eq!(unary.values("refused"), ["at once"]);
    assert_eq!(client_streaming.values("refused"), [""; 0]);
    assert_eq!(chat.values("refused"), [""; 0]);
}
