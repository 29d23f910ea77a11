//! `on_end` reports exactly once how a request or a response ended: complete, failed or cancelled.

mod support;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload as _, StreamEnd, intercepted};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{
    BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest, NOBODY, all, connect, events,
    greeter, hello, many, names, next, read, reply, soon, tell,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming};

/// Reports the end of each request and each response.
struct Ends(UnboundedSender<String>);

impl Ends {
    fn tell_of(&self, what: &'static str) -> impl FnOnce(StreamEnd<'_>) + Send + 'static + use<> {
        let events = self.0.clone();
        move |end| {
            let how = match end {
                StreamEnd::Complete { .. } => "complete".to_owned(),
                StreamEnd::Failed(status) => format!("failed: {:?}", status.code()),
                other => format!("{other:?}").to_lowercase(),
            };
            tell(&events, format!("{what} {how}"));
        }
    }
}

impl<N: Next> Interceptor<N> for Ends {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| payload.on_end(self.tell_of("request")));
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.on_end(self.tell_of("response"))))
    }
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

/// The ends are observed inside an interceptor that can refuse messages.
struct Watched {
    ends: Ends,
}

greeter!(Watched, [], [self.ends], [refuse_bad, self.ends], [self.ends], [refuse_bad, self.ends]);

async fn watched() -> (support::Client, UnboundedReceiver<String>) {
    let (sender, receiver) = events();
    (connect(GreeterServer::new(Watched { ends: Ends(sender) })).await, receiver)
}

/// All ends that are reported until the server is gone. They are sorted because their order doesn't
/// matter here.
async fn ends(client: support::Client, receiver: UnboundedReceiver<String>) -> Vec<String> {
    drop(client);
    let mut ends = all(receiver).await;
    ends.sort_unstable();
    ends
}

#[tokio::test]
async fn a_single_message_is_complete_immediately() {
    let (mut client, receiver) = watched().await;
    soon(client.say_hello(hello("you"))).await.expect("you are greeted");
    assert_eq!(ends(client, receiver).await, ["request complete", "response complete"]);
}

#[tokio::test]
async fn a_missing_response_has_no_end() {
    let (mut client, receiver) = watched().await;
    soon(client.say_hello(hello(NOBODY))).await.expect_err("no one is greeted");
    assert_eq!(ends(client, receiver).await, ["request complete"]);
}

#[tokio::test]
async fn a_stream_that_was_read_to_its_end_is_complete() {
    let (mut client, receiver) = watched().await;
    soon(client.greet_everybody(names(["a", "b"]))).await.expect("both are greeted");
    assert_eq!(ends(client, receiver).await, ["request complete", "response complete"]);

    let (mut client, receiver) = watched().await;
    let response = soon(client.greet_many_times(many("a", 2))).await.expect("a is greeted");
    read(response.into_inner()).await.1.expect("the stream is complete");
    assert_eq!(ends(client, receiver).await, ["request complete", "response complete"]);

    let (mut client, receiver) = watched().await;
    let response = soon(client.chat(names(["a", "b"]))).await.expect("the chat starts");
    read(response.into_inner()).await.1.expect("the stream is complete");
    assert_eq!(ends(client, receiver).await, ["request complete", "response complete"]);
}

#[tokio::test]
async fn an_empty_stream_is_complete() {
    let (mut client, receiver) = watched().await;
    let response = soon(client.chat(names([]))).await.expect("the chat starts");
    assert_eq!(read(response.into_inner()).await.0, [""; 0]);
    assert_eq!(ends(client, receiver).await, ["request complete", "response complete"]);
}

#[tokio::test]
async fn a_response_stream_with_an_error_has_failed() {
    let (mut client, receiver) = watched().await;
    let response = soon(client.greet_many_times(many(NOBODY, 2))).await.expect("it starts");
    let status = read(response.into_inner()).await.1.expect_err("no one is greeted");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(ends(client, receiver).await, ["request complete", "response failed: NotFound"]);
}

#[tokio::test]
async fn a_request_stream_with_an_error_has_failed() {
    let (mut client, receiver) = watched().await;
    let call = client.greet_everybody(names(["a", "bad", "b"]));
    let status = soon(call).await.expect_err("the handler gives up");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(ends(client, receiver).await, ["request failed: InvalidArgument"]);

    let (mut client, receiver) = watched().await;
    let response = soon(client.chat(names(["a", "bad", "b"]))).await.expect("the chat starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello a"]);
    assert_eq!(end.expect_err("the handler gives up").code(), Code::InvalidArgument);
    let told = ends(client, receiver).await;
    assert_eq!(told, ["request failed: InvalidArgument", "response failed: InvalidArgument"]);
}

/// Handlers that neither read to the end nor end their responses.
struct Impatient {
    ends: Ends,
    read: UnboundedSender<()>,
}

fn without_end() -> impl tokio_stream::Stream<Item = Result<HelloReply, Status>> {
    tokio_stream::iter(std::iter::repeat_with(|| Ok(reply("again"))))
}

#[intercepted(self.ends)]
impl Greeter for Impatient {
    /// Never returns.
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        tell(&self.read, ());
        std::future::pending().await
    }

    /// Reads one message, or all of them if the first one says so.
    async fn greet_everybody(
        &self,
        mut request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let first = request.get_mut().message().await?;
        tell(&self.read, ());
        if first == Some(hello("read all")) {
            while request.get_mut().message().await?.is_some() {}
        }
        Ok(Response::new(reply("that is enough")))
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Ok(Response::new(Box::pin(without_end())))
    }

    type ChatStream = BoxStream<HelloReply>;

    /// Doesn't read, but could at any time.
    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let unread = request.into_inner();
        Ok(Response::new(Box::pin(without_end().map(move |item| {
            let _held = &unread;
            item
        }))))
    }
}

struct Watch {
    client: support::Client,
    ends: UnboundedReceiver<String>,
    read: UnboundedReceiver<()>,
}

async fn impatient() -> Watch {
    let ((ends, told), (read, was_read)) = (events(), events());
    let client = connect(GreeterServer::new(Impatient { ends: Ends(ends), read })).await;
    Watch { client, ends: told, read: was_read }
}

#[tokio::test]
async fn a_request_stream_that_the_handler_does_not_read_to_its_end_is_cancelled() {
    let Watch { mut client, ends: told, .. } = impatient().await;
    soon(client.greet_everybody(names(["a", "b"]))).await.expect("the handler has enough");
    assert_eq!(ends(client, told).await, ["request cancelled", "response complete"]);
}

#[tokio::test]
async fn a_response_stream_that_the_client_drops_is_cancelled() {
    let Watch { mut client, ends: mut told, .. } = impatient().await;
    let response = soon(client.greet_many_times(many("a", 0))).await.expect("it starts");
    assert_eq!(next(&mut told).await, "request complete");
    let mut stream = response.into_inner();
    assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("again")));
    drop(stream);
    // This happens while the connection is still open.
    assert_eq!(next(&mut told).await, "response cancelled");
    assert_eq!(ends(client, told).await, [""; 0]);
}

#[tokio::test]
async fn both_streams_of_a_chat_that_the_client_drops_are_cancelled() {
    let Watch { mut client, ends: told, .. } = impatient().await;
    // A request stream that doesn't end by itself.
    let (requests, outgoing) = events();
    tell(&requests, hello("a"));
    let call = client.chat(UnboundedReceiverStream::new(outgoing));
    let mut stream = soon(call).await.expect("it starts").into_inner();
    assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("again")));
    drop(stream);
    drop(requests);
    assert_eq!(ends(client, told).await, ["request cancelled", "response cancelled"]);
}

#[tokio::test]
async fn a_call_that_the_client_drops_before_the_response_has_no_other_end() {
    let Watch { client, ends: told, read: mut reached } = impatient().await;
    let mut greeter = client.clone();
    let call = tokio::spawn(async move { greeter.say_hello(hello("a")).await });
    next(&mut reached).await;
    call.abort();
    let _ = call.await;
    assert_eq!(ends(client, told).await, ["request complete"]);
}

#[tokio::test]
async fn a_request_stream_that_the_client_drops_ends_once() {
    let Watch { client, ends: told, read: mut reached } = impatient().await;
    let mut greeter = client.clone();
    let (requests, outgoing) = events();
    let call = tokio::spawn(async move {
        greeter.greet_everybody(UnboundedReceiverStream::new(outgoing)).await
    });
    tell(&requests, hello("read all"));
    next(&mut reached).await;
    call.abort();
    let _ = call.await;
    // tonic tells a waiting handler that there are no more messages, so the handler can even return
    // normally.
    let told = ends(client, told).await;
    let of_request = told.iter().filter(|end| end.starts_with("request")).collect::<Vec<_>>();
    assert!(of_request == ["request complete"] || of_request == ["request cancelled"], "{told:?}");
    drop(requests);
}
