//! A client interceptor sees how each call ended: the status code, the trailers of a response
//! stream, and whether the client dropped it.

mod support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _, StreamEnd,
    interceptors::on_call_end,
};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{
    BoxStream, Client, GreetManyTimesRequest, HelloReply, HelloRequest, NOBODY, all,
    call_each_through, connect, events, greeter, hello, many, names, next, read, reply, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, Streaming};

struct Plain;

greeter!(Plain, []);

/// How many calls ended with each code.
#[derive(Clone, Default)]
struct Codes(Arc<Mutex<BTreeMap<i32, usize>>>);

impl Codes {
    fn count(&self, code: Code) {
        *self.0.lock().expect("it isn't poisoned").entry(code.into()).or_default() += 1;
    }

    fn get(&self, code: Code) -> usize {
        let counts = self.0.lock().expect("it isn't poisoned");
        counts.get(&code.into()).copied().unwrap_or_default()
    }
}

impl<N: Next> Interceptor<N> for Codes {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await.inspect_err(|status| self.count(status.code()))?;
        let codes = self.clone();
        Ok(response.map(|payload| {
            payload.on_end(move |end| {
                codes.count(end.code());
            })
        }))
    }
}

#[tokio::test]
async fn status_codes_are_counted() {
    let server = connect(GreeterServer::new(Plain)).await;
    let codes = Codes::default();
    let mut client = server.through(codes.clone());
    for name in ["you", "me", NOBODY] {
        call_each_through(&mut client, name).await;
    }
    drop(soon(client.chat(tokio_stream::pending())).await.expect("the chat starts"));
    let counts = [Code::Ok, Code::NotFound, Code::Cancelled].map(|code| codes.get(code));
    assert_eq!(counts, [8, 4, 1]);
    assert_eq!(codes.0.lock().expect("it isn't poisoned").len(), 3);
}

/// Reports the end of each response, including the metadata "trailer" if present.
struct Ends(UnboundedSender<String>);

impl<N: Next> Interceptor<N> for Ends {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.on_end(move |end| {
                let end = match end {
                    StreamEnd::Complete { trailers: None } => "complete".to_owned(),
                    StreamEnd::Complete { trailers: Some(trailers) } => {
                        format!("complete: {:?}", support::values(trailers, "trailer"))
                    }
                    StreamEnd::Failed(status) => {
                        let (code, message) = (status.code(), status.message());
                        let trailers = support::values(status.metadata(), "trailer");
                        format!("failed: {code:?}, {message}, {trailers:?}")
                    }
                    other => format!("{other:?}").to_lowercase(),
                };
                tell(&events, end);
            })
        }))
    }
}

/// Ends its streams with trailers, in the way that the request's name says.
struct Trailers;

impl Trailers {
    /// One reply, then the end.
    fn stream(name: &str) -> BoxStream<HelloReply> {
        let mut status = match name {
            // tonic sends this status's metadata as the trailers of a complete stream.
            "complete" => Status::ok(""),
            _ => Status::aborted("given up"),
        };
        for value in ["one", "two"] {
            status.metadata_mut().append("trailer", value.parse().expect("it is ASCII"));
        }
        let end: BoxStream<HelloReply> = match name {
            "goes on" => Box::pin(tokio_stream::pending()),
            _ => Box::pin(tokio_stream::once(Err(status))),
        };
        Box::pin(tokio_stream::once(Ok(reply("one"))).chain(end))
    }
}

#[tonic::async_trait]
impl Greeter for Trailers {
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

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        Ok(Response::new(Self::stream(&request.get_ref().name)))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        mut request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let first = request.get_mut().message().await?.unwrap_or_default();
        Ok(Response::new(Self::stream(&first.name)))
    }
}

/// The response streams of both kinds of RPC that have one.
async fn streams<I>(server: &Client, ends: I, name: &'static str) -> [Streaming<HelloReply>; 2]
where
    I: support::GreeterInterceptors<tonic::transport::Channel>,
{
    let mut client = server.through(ends);
    let one = soon(client.greet_many_times(many(name, 1))).await.expect("the stream starts");
    let both = soon(client.chat(names([name]))).await.expect("the chat starts");
    [one.into_inner(), both.into_inner()]
}

#[tokio::test]
async fn a_response_stream_that_was_read_to_its_end_is_complete_with_its_trailers() {
    let server = connect(GreeterServer::new(Trailers)).await;
    let (sender, mut ends) = events();
    for mut stream in streams(&server, Ends(sender), "complete").await {
        assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("one")));
        assert_eq!(soon(stream.message()).await.expect("it completes"), None);
        assert_eq!(next(&mut ends).await, r#"complete: ["one", "two"]"#);
        // The caller gets them as well.
        let trailers = soon(stream.trailers()).await.expect("they are there");
        let trailers = trailers.expect("there are some");
        assert_eq!(support::values(&trailers, "trailer"), ["one", "two"]);
    }
    assert_eq!(all(ends).await, [""; 0]);
}

#[tokio::test]
async fn a_response_stream_that_fails_has_its_status_and_its_trailers() {
    let server = connect(GreeterServer::new(Trailers)).await;
    let (sender, mut ends) = events();
    for stream in streams(&server, Ends(sender), "failed").await {
        let (messages, end) = read(stream).await;
        assert_eq!(messages, ["one"]);
        let status = end.expect_err("the handler gives up");
        assert_eq!((status.code(), status.message()), (Code::Aborted, "given up"));
        assert_eq!(support::values(status.metadata(), "trailer"), ["one", "two"]);
        assert_eq!(next(&mut ends).await, r#"failed: Aborted, given up, ["one", "two"]"#);
    }
    assert_eq!(all(ends).await, [""; 0]);
}

#[tokio::test]
async fn a_response_stream_that_is_dropped_is_cancelled() {
    let server = connect(GreeterServer::new(Trailers)).await;
    let (sender, mut ends) = events();
    for mut stream in streams(&server, Ends(sender), "goes on").await {
        assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("one")));
        assert!(ends.try_recv().is_err());
        drop(stream);
        assert_eq!(next(&mut ends).await, "cancelled");
    }
    assert_eq!(all(ends).await, [""; 0]);
}

#[tokio::test]
async fn a_response_stream_that_is_never_read_is_cancelled() {
    let server = connect(GreeterServer::new(Trailers)).await;
    let (sender, ends) = events();
    drop(streams(&server, Ends(sender), "complete").await);
    assert_eq!(all(ends).await, ["cancelled", "cancelled"]);
}

#[tokio::test]
async fn a_single_response_is_complete_immediately() {
    let server = connect(GreeterServer::new(Plain)).await;
    let (sender, ends) = events();
    let mut client = server.through(Ends(sender));
    soon(client.say_hello(hello("you"))).await.expect("you are greeted");
    soon(client.greet_everybody(names(["a", "b"]))).await.expect("both are greeted");
    soon(client.say_hello(hello(NOBODY))).await.expect_err("no one is greeted");
    drop(client);
    assert_eq!(all(ends).await, ["complete", "complete"]);
}

/// Reads the first message itself, then watches the others.
struct ReadsFirst;

impl<N: Next<Response = MessageStream<HelloReply>>> Interceptor<N> for ReadsFirst {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, mut stream, extensions) = next.run(request).await?.into_parts();
        assert!(stream.message().await?.is_some());
        let stream = stream.inspect_messages(|_| {});
        Ok(Response::from_parts(metadata, stream, extensions))
    }
}

/// An observer inside it sees the end of the whole stream.
#[tokio::test]
async fn a_partly_read_stream_is_observed_to_its_end() {
    let (sender, mut told) = events();
    let note = on_call_end(move |_, end| {
        tell(&sender, (end.code(), end.response_messages()));
    });
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through((ReadsFirst, note));
    let response = client.greet_many_times(many("Ada", 3)).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!((messages.len(), end.is_ok()), (2, true));
    assert_eq!(next(&mut told).await, (Code::Ok, 3));
}
