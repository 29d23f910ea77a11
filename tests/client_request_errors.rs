//! If a client interceptor ends a request stream with an error, the call fails with that status.
//! The server gets no messages after it, and doesn't mistake it for the end of the stream.

mod support;

use grpc_interceptor::{
    Context, MessageStream, Next, Outcome, Payload as _, RpcKind, intercepted, interceptor,
};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{
    BoxStream, Client, GreetManyTimesRequest, HelloReply, HelloRequest, all, connect, events,
    hello, names, next, read, reply, soon, tell,
};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_stream::{
    StreamExt as _,
    wrappers::{ReceiverStream, UnboundedReceiverStream},
};
use tonic::{Code, Request, Response, Status, Streaming};

fn refused() -> Status {
    let mut status = Status::with_details(Code::DataLoss, "that is bad", "why"[..].into());
    status.metadata_mut().insert("refused-by", "the interceptor".parse().expect("it is ASCII"));
    status
}

fn assert_refused(status: &Status) {
    assert_eq!((status.code(), status.message()), (Code::DataLoss, "that is bad"));
    assert_eq!(status.details(), b"why");
    let refused_by = support::values(status.metadata(), "refused-by");
    assert_eq!(refused_by, ["the interceptor"]);
}

/// Refuses the message "bad".
#[interceptor]
async fn refuse_bad<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let (metadata, extensions, payload) = request.into_parts();
    let payload = payload.try_map_messages(|message| match message.name.as_str() {
        "bad" => Err(refused()),
        _ => Ok(message),
    })?;
    next.run(Request::from_parts(metadata, extensions, payload)).await
}

/// What a handler received: the messages, then `end`, an error, or `dropped` if it wasn't notified.
struct Transcript {
    events: UnboundedSender<String>,
    over: bool,
}

impl Transcript {
    /// Reads a message. Continues after an error, to see what follows.
    async fn message(
        &mut self,
        stream: &mut Streaming<HelloRequest>,
    ) -> Result<Option<HelloRequest>, Status> {
        let item = stream.message().await;
        tell(
            &self.events,
            match &item {
                Ok(Some(message)) => message.name.clone(),
                Ok(None) => "end".to_owned(),
                Err(_) => "error".to_owned(),
            },
        );
        self.over = !matches!(item, Ok(Some(_)));
        item
    }
}

impl Drop for Transcript {
    fn drop(&mut self) {
        if !self.over {
            tell(&self.events, "dropped".to_owned());
        }
    }
}

struct Watched(UnboundedSender<String>);

impl Watched {
    fn transcript(&self) -> Transcript {
        Transcript { events: self.0.clone(), over: false }
    }
}

#[intercepted]
impl Greeter for Watched {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        tell(&self.0, "called".to_owned());
        Ok(Response::new(reply("Hello")))
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut transcript = self.transcript();
        let mut requests = request.into_inner();
        let mut count = 0;
        while transcript.message(&mut requests).await?.is_some() {
            count += 1;
        }
        Ok(Response::new(reply(format!("{count}"))))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Err(Status::unimplemented("it has no request stream"))
    }

    type ChatStream = BoxStream<HelloReply>;

    /// Answers each message; with "wait", starts only after the last one.
    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let mut transcript = self.transcript();
        let wait = request.metadata().contains_key("wait");
        let mut requests = request.into_inner();
        if wait {
            while transcript.message(&mut requests).await?.is_some() {}
            return Ok(Response::new(Box::pin(tokio_stream::empty())));
        }
        let (replies, outgoing) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok(Some(message)) = transcript.message(&mut requests).await {
                if replies.send(Ok(reply(format!("Hello {}", message.name)))).await.is_err() {
                    break;
                }
            }
            // Only the client's side decides how the call ends.
            replies.closed().await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing))))
    }
}

async fn watched() -> (Client, UnboundedReceiver<String>) {
    let (sender, receiver) = events();
    (connect(GreeterServer::new(Watched(sender))).await, receiver)
}

/// After these messages the handler received no others, and no clean end.
async fn assert_cut_off(mut transcript: UnboundedReceiver<String>, client: Client) {
    // This happens while the connection is still open.
    let over = next(&mut transcript).await;
    assert!(over == "error" || over == "dropped", "{over}");
    drop(client);
    assert_eq!(all(transcript).await, [""; 0]);
}

#[tokio::test]
async fn a_client_streaming_call_fails_with_the_status() {
    let (client, mut transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    let (requests, outgoing) = events();
    let call = tokio::spawn(async move {
        greeter.greet_everybody(UnboundedReceiverStream::new(outgoing)).await
    });
    for name in ["a", "b"] {
        tell(&requests, hello(name));
        assert_eq!(next(&mut transcript).await, name);
    }
    tell(&requests, hello("bad"));
    tell(&requests, hello("c"));
    let outcome = soon(call).await.expect("the call doesn't panic");
    assert_refused(&outcome.expect_err("a message was refused"));
    assert_cut_off(transcript, client).await;
}

#[tokio::test]
async fn a_chat_fails_with_the_status_before_its_response_has_started() {
    let (client, mut transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    let (requests, outgoing) = events();
    let call = tokio::spawn(async move {
        let mut request = Request::new(UnboundedReceiverStream::new(outgoing));
        request.metadata_mut().insert("wait", "yes".parse().expect("it is ASCII"));
        greeter.chat(request).await
    });
    tell(&requests, hello("a"));
    assert_eq!(next(&mut transcript).await, "a");
    tell(&requests, hello("bad"));
    tell(&requests, hello("b"));
    let outcome = soon(call).await.expect("the call doesn't panic");
    assert_refused(&outcome.expect_err("a message was refused"));
    assert_cut_off(transcript, client).await;
}

#[tokio::test]
async fn a_chat_fails_with_the_status_after_its_response_has_started() {
    let (client, mut transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    let (requests, outgoing) = events();
    let call = greeter.chat(UnboundedReceiverStream::new(outgoing));
    let mut replies = soon(call).await.expect("the chat starts").into_inner();
    for name in ["a", "b"] {
        tell(&requests, hello(name));
        assert_eq!(next(&mut transcript).await, name);
        let answer = soon(replies.message()).await.expect("the stream continues");
        assert_eq!(answer, Some(reply(format!("Hello {name}"))));
    }
    tell(&requests, hello("bad"));
    tell(&requests, hello("c"));
    let (messages, end) = read(replies).await;
    assert_eq!(messages, [""; 0]);
    assert_refused(&end.expect_err("a message was refused"));
    assert_cut_off(transcript, client).await;
}

/// The request stream fails before the first message is sent.
#[tokio::test]
async fn a_call_fails_with_the_status_when_the_first_message_is_refused() {
    let (client, transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    let call = greeter.greet_everybody(names(["bad", "a"]));
    assert_refused(&soon(call).await.expect_err("a message was refused"));
    let mut request = Request::new(names(["bad", "a"]));
    request.metadata_mut().insert("wait", "yes".parse().expect("it is ASCII"));
    assert_refused(&soon(greeter.chat(request)).await.expect_err("a message was refused"));
    drop((client, greeter));
    // The handler might not even have been called.
    let transcript = all(transcript).await;
    assert!(
        transcript.iter().all(|event| event == "error" || event == "dropped"),
        "{transcript:?}"
    );
}

/// Fails with the code named by the message.
#[interceptor]
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

/// Includes the codes that have a special meaning to tonic.
#[tokio::test]
async fn a_call_fails_with_the_code_of_its_request_stream() {
    for code in 1..=16 {
        let requests = || tokio_stream::once(hello(&code.to_string()));
        let (client, transcript) = watched().await;
        let mut greeter = client.through(fail_with_code);
        let status = soon(greeter.greet_everybody(requests())).await.expect_err("it failed");
        assert_eq!((status.code(), status.message()), (Code::from_i32(code), "as you wish"));
        // The chat may have started before that.
        let end = match soon(greeter.chat(requests())).await {
            Ok(response) => read(response.into_inner()).await.1,
            Err(status) => Err(status),
        };
        let status = end.expect_err("it failed");
        assert_eq!((status.code(), status.message()), (Code::from_i32(code), "as you wish"));
        drop((client, greeter));
        let transcript = all(transcript).await;
        assert!(!transcript.contains(&"end".to_owned()), "{code}: {transcript:?}");
    }
}

/// A single message is refused before anything is sent.
#[tokio::test]
async fn a_unary_call_fails_with_the_status_and_the_server_is_not_called() {
    let (client, transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    assert_refused(&soon(greeter.say_hello(hello("bad"))).await.expect_err("it was refused"));
    drop((client, greeter));
    assert_eq!(all(transcript).await, [""; 0]);
}

#[tokio::test]
async fn a_stream_without_refused_messages_completes_successfully() {
    let (client, transcript) = watched().await;
    let mut greeter = client.through(refuse_bad);
    let call = greeter.greet_everybody(names(["a", "b"]));
    assert_eq!(soon(call).await.expect("the handler answers").into_inner(), reply("2"));
    drop((client, greeter));
    assert_eq!(all(transcript).await, ["a", "b", "end"]);
}

/// The interceptor around it gets the status as the outcome.
#[interceptor]
async fn recover<N>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>
where
    N: Next<Request = MessageStream<HelloRequest>, Response = HelloReply>,
{
    assert_eq!(context.kind(), RpcKind::ClientStreaming);
    match next.run(request).await {
        Err(status) if status.code() == Code::DataLoss => {
            let again = MessageStream::new(names(["again"]).map(Ok));
            next.run(Request::new(again)).await
        }
        outcome => outcome,
    }
}

#[tokio::test]
async fn an_interceptor_can_retry_after_a_request_stream_has_failed() {
    let (client, _transcript) = watched().await;
    let mut greeter = client.through((recover, refuse_bad));
    let call = greeter.greet_everybody(names(["a", "b", "bad"]));
    assert_eq!(soon(call).await.expect("the second call is whole").into_inner(), reply("1"));
}
