//! `CatchPanic` turns a panic into the status `INTERNAL`, and the connection survives.

mod support;

use std::any::Any;

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _, intercepted, interceptors::CatchPanic,
};
use support::{
    GreeterServer, HelloRequest, NOBODY, all, call_each, connect, events, greeter, hello, many,
    names, plain_answers, read, reply, soon, tell,
};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Request, Status};

/// Panics when it is called, when its future is polled, or when the response is read.
#[derive(Clone, Copy)]
enum Panicking {
    InTheCall,
    InTheFuture,
    AfterTheHandler,
    InTheRequest,
    InTheResponse,
}

impl<N: Next> Interceptor<N> for Panicking {
    fn intercept(
        &self,
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let panicking = *self;
        assert!(!matches!(panicking, Panicking::InTheCall), "the password is swordfish");
        async move {
            assert!(!matches!(panicking, Panicking::InTheFuture), "the password is swordfish");
            let in_the_request = matches!(panicking, Panicking::InTheRequest);
            let request = request.map(|payload| {
                payload.inspect_messages(move |_| {
                    assert!(!in_the_request, "the password is swordfish");
                })
            });
            let response = next.run(request).await?;
            assert!(!matches!(panicking, Panicking::AfterTheHandler), "the password is swordfish");
            let in_the_response = matches!(panicking, Panicking::InTheResponse);
            Ok(response.map(|payload| {
                payload.inspect_messages(move |_| {
                    assert!(!in_the_response, "the password is swordfish");
                })
            }))
        }
    }
}

/// Records the panics that are reported to it.
fn report(
    events: &UnboundedSender<String>,
) -> impl Fn(&(dyn Any + Send), &Context) + Clone + Send + Sync + 'static + use<> {
    let events = events.clone();
    move |payload, context| {
        let text = payload.downcast_ref::<&str>().copied().unwrap_or("another payload");
        tell(&events, format!("{} {text}", context.method_name().method()));
    }
}

struct Caught {
    events: UnboundedSender<String>,
    panicking: Panicking,
}

greeter!(Caught, [CatchPanic::new().on_panic(report(&self.events)), self.panicking]);

#[tokio::test]
async fn a_panic_in_an_interceptor_is_internal_and_reported() {
    for panicking in [
        Panicking::InTheCall,
        Panicking::InTheFuture,
        Panicking::AfterTheHandler,
        Panicking::InTheRequest,
        Panicking::InTheResponse,
    ] {
        let (events, receiver) = events();
        let mut client = connect(GreeterServer::new(Caught { events, panicking })).await;
        for answer in call_each(&mut client, "you").await {
            let (kind, status) = (answer.kind, answer.status());
            assert_eq!(status.code(), Code::Internal, "{kind:?}");
            assert_eq!(status.message(), "Internal error", "{kind:?}");
            assert!(!format!("{status:?}").contains("swordfish"), "{kind:?}");
        }
        drop(client);
        let expected = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"]
            .map(|rpc| format!("{rpc} the password is swordfish"));
        assert_eq!(all(receiver).await, expected);
    }
}

/// Handlers that panic when they greet [`NOBODY`]; the streaming ones panic in the stream.
macro_rules! panicking {
    ($greeter:ident, [$($entries:tt)*]) => {
        #[intercepted($($entries)*)]
        impl grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
            ) -> Result<tonic::Response<support::HelloReply>, Status> {
                Ok(tonic::Response::new(greet(&request.get_ref().name)))
            }

            async fn greet_everybody(
                &self,
                request: Request<tonic::Streaming<HelloRequest>>,
            ) -> Result<tonic::Response<support::HelloReply>, Status> {
                let mut names = Vec::new();
                let mut requests = request.into_inner();
                while let Some(HelloRequest { name }) = requests.message().await? {
                    greet(&name);
                    names.push(name);
                }
                Ok(tonic::Response::new(greet(&names.join(" and "))))
            }

            type GreetManyTimesStream = support::BoxStream<support::HelloReply>;

            async fn greet_many_times(
                &self,
                request: Request<support::GreetManyTimesRequest>,
            ) -> Result<tonic::Response<Self::GreetManyTimesStream>, Status> {
                let support::GreetManyTimesRequest { name, times } = request.into_inner();
                let replies = (0..times).map(move |time| {
                    let name = if time == 0 { name.replace(NOBODY, "somebody") } else { name.clone() };
                    Ok(reply(format!("{} {time}", greet(&name).message)))
                });
                Ok(tonic::Response::new(Box::pin(tokio_stream::iter(replies))))
            }

            type ChatStream = support::BoxStream<support::HelloReply>;

            async fn chat(
                &self,
                request: Request<tonic::Streaming<HelloRequest>>,
            ) -> Result<tonic::Response<Self::ChatStream>, Status> {
                let replies = tokio_stream::StreamExt::map(request.into_inner(), |request| {
                    Ok(greet(&request?.name))
                });
                Ok(tonic::Response::new(Box::pin(replies)))
            }
        }
    };
}

fn greet(name: &str) -> support::HelloReply {
    assert_ne!(name, NOBODY, "the password is swordfish");
    reply(format!("Hello {name}"))
}

struct Quiet;
struct Bare;

panicking!(Quiet, [CatchPanic::new()]);
panicking!(Bare, []);

#[tokio::test]
async fn a_panic_in_a_handler_is_internal() {
    let mut client = connect(GreeterServer::new(Quiet)).await;
    for answer in call_each(&mut client, NOBODY).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::Internal, "{kind:?}");
        assert_eq!(status.message(), "Internal error", "{kind:?}");
    }
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
}

#[tokio::test]
async fn a_panic_in_a_stream_comes_after_the_earlier_messages() {
    let mut client = connect(GreeterServer::new(Quiet)).await;
    let response = soon(client.greet_many_times(many(NOBODY, 3))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello somebody 0"]);
    assert_eq!(end.expect_err("the second one panics").code(), Code::Internal);
}

/// A call in progress on the same connection continues, and new calls work.
#[tokio::test]
async fn the_connection_and_other_calls_survive() {
    let mut client = connect(GreeterServer::new(Quiet)).await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let requests = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
    let mut other = soon(client.chat(requests)).await.expect("the chat starts").into_inner();
    sender.send(hello("a")).expect("the chat continues");
    let first = soon(other.message()).await.expect("it is answered").expect("it continues");
    assert_eq!(first.message, "Hello a");

    for answer in call_each(&mut client, NOBODY).await {
        assert_eq!(answer.status().code(), Code::Internal, "{:?}", answer.kind);
    }
    let response = soon(client.chat(names(["a", NOBODY, "b"]))).await.expect("the chat starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["Hello a"]);
    assert_eq!(end.expect_err("the second one panics").code(), Code::Internal);

    sender.send(hello("b")).expect("the chat continues");
    let second = soon(other.message()).await.expect("it is answered").expect("it continues");
    assert_eq!(second.message, "Hello b");
    drop(sender);
    assert_eq!(soon(other.message()).await.expect("the chat ends well"), None);
}

/// As the README says about tonic alone: the caller gets a status that the server never sent.
#[tokio::test]
async fn without_it_the_stream_is_reset() {
    let mut client = connect(GreeterServer::new(Bare)).await;
    for answer in call_each(&mut client, NOBODY).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::Cancelled, "{kind:?}");
        assert!(status.message().contains("h2 protocol error"), "{kind:?}: {status:?}");
    }
}
