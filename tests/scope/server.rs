//! On a server: the handler and the response stream run inside the scope; outer interceptors don't.

use grpc_interceptor::{
    Intercepted, intercepted,
    interceptors::{CatchPanic, List},
};
use grpc_interceptor_proto::greeter::greeter_server::Greeter;
use tokio::task::yield_now;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    interceptors::{InScope, Noting},
    probe::{Probe, inside, of},
    support::{
        self, BoxStream, Client, GeneratedServer, GreetManyTimesRequest, GreeterServer, HelloReply,
        HelloRequest, call_each, connect, connect_in_layer, hello, many, plain_answers, soon,
    },
};

/// With this name, a handler hangs, and a stream hangs after its first message.
const HANG: &str = "hang";

/// A greeter that records where its handlers and their streams run, with these interceptors around
/// it.
macro_rules! noting_greeter {
    ($greeter:ident, [$($entries:tt)*]) => {
        #[intercepted($($entries)*)]
        impl Greeter for $greeter {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                let answer = async {
                    yield_now().await;
                    if request.get_ref().name == HANG {
                        std::future::pending::<()>().await;
                    }
                    support::say_hello(request).await
                };
                self.probe.around("handler", answer).await
            }

            async fn greet_everybody(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                self.probe.around("handler", support::greet_everybody(request)).await
            }

            type GreetManyTimesStream = BoxStream<HelloReply>;

            async fn greet_many_times(
                &self,
                request: Request<GreetManyTimesRequest>,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                let hangs = request.get_ref().name == HANG;
                let answer = self.probe.around("handler", support::greet_many_times(request));
                Ok(answer.await?.map(|replies| -> BoxStream<HelloReply> {
                    let replies: BoxStream<HelloReply> = match hangs {
                        true => Box::pin(replies.chain(tokio_stream::pending())),
                        false => replies,
                    };
                    Box::pin(self.probe.around("stream", replies))
                }))
            }

            type ChatStream = BoxStream<HelloReply>;

            async fn chat(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::ChatStream>, Status> {
                let answer = self.probe.around("handler", support::chat(request)).await?;
                Ok(answer.map(|replies| -> BoxStream<HelloReply> {
                    Box::pin(self.probe.around("stream", replies))
                }))
            }
        }
    };
}

struct Attribute {
    outside: Noting,
    scope: InScope,
    inside: Noting,
    probe: Probe,
}

noting_greeter!(Attribute, [self.outside, CatchPanic::new(), self.scope, self.inside]);

struct Bare {
    probe: Probe,
}

noting_greeter!(Bare, []);

struct Nested {
    probe: Probe,
}

noting_greeter!(Nested, [InScope("outer"), InScope("inner")]);

/// One probe outside the scope, and one inside.
#[derive(Default)]
struct Probes {
    outside: Probe,
    inside: Probe,
}

impl Probes {
    fn attribute(&self) -> impl GeneratedServer {
        GreeterServer::new(Attribute {
            outside: Noting::new(&self.outside),
            scope: InScope("scope"),
            inside: Noting::new(&self.inside),
            probe: self.inside.clone(),
        })
    }

    fn created(&self) -> impl GeneratedServer {
        let [outside, inside] = [&self.outside, &self.inside].map(Noting::new);
        let service = Bare { probe: self.inside.clone() };
        GreeterServer::with_interceptors(service, (outside, InScope("scope"), inside))
    }

    fn list(&self) -> impl GeneratedServer {
        let [outside, inside] = [&self.outside, &self.inside].map(Noting::new);
        let list = List::new().with(outside).with(InScope("scope")).with(inside);
        let service = Bare { probe: self.inside.clone() };
        GreeterServer::new(Intercepted::new(service, list))
    }

    async fn layer(&self) -> Client {
        let [outside, inside] = [&self.outside, &self.inside].map(Noting::new);
        let server = GreeterServer::new(Bare { probe: self.inside.clone() });
        connect_in_layer(server, (outside, CatchPanic::new(), InScope("scope"), inside)).await
    }

    async fn list_in_layer(&self) -> Client {
        let [outside, inside] = [&self.outside, &self.inside].map(Noting::new);
        let list = List::new().with(outside).with(InScope("scope")).with(inside);
        connect_in_layer(GreeterServer::new(Bare { probe: self.inside.clone() }), list).await
    }
}

const OUTSIDE: [(&str, &str); 4] =
    [("future", "poll"), ("future", "drop"), ("response", "poll"), ("response", "drop")];

async fn all_runs_inside(mut client: Client, probes: Probes) {
    for (answer, plain) in call_each(&mut client, "you").await.iter().zip(plain_answers("you")) {
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
    let handlers =
        [("handler", "poll"), ("handler", "drop"), ("stream", "poll"), ("stream", "drop")];
    probes.inside.assert_inside(&["scope"], &[OUTSIDE, handlers].concat()).await;
    probes.outside.assert_inside(&[], &OUTSIDE).await;
    assert_eq!(inside(), of(&[]));
}

#[tokio::test]
async fn the_whole_call_runs_inside_an_attributes_scope() {
    let probes = Probes::default();
    all_runs_inside(connect(probes.attribute()).await, probes).await;
}

#[tokio::test]
async fn the_whole_call_runs_inside_a_servers_scope() {
    let probes = Probes::default();
    all_runs_inside(connect(probes.created()).await, probes).await;
}

#[tokio::test]
async fn the_whole_call_runs_inside_a_lists_scope() {
    let probes = Probes::default();
    all_runs_inside(connect(probes.list()).await, probes).await;
}

#[tokio::test]
async fn the_whole_call_runs_inside_a_layers_scope() {
    let probes = Probes::default();
    all_runs_inside(probes.layer().await, probes).await;
    let probes = Probes::default();
    all_runs_inside(probes.list_in_layer().await, probes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_inside_on_any_thread() {
    let probes = Probes::default();
    all_runs_inside(connect(probes.attribute()).await, probes).await;
}

/// The caller disconnects while the handler waits.
async fn a_future_is_dropped_inside(client: Client, probes: Probes) {
    let mut caller = support::GreeterClient::new(client.channel());
    let call = tokio::spawn(async move { caller.say_hello(hello(HANG)).await });
    probes.inside.wait_for(("handler", "poll")).await;
    call.abort();
    let events = [("future", "poll"), ("future", "drop"), ("handler", "poll"), ("handler", "drop")];
    probes.inside.assert_inside(&["scope"], &events).await;
    probes.outside.assert_inside(&[], &OUTSIDE[..2]).await;
}

#[tokio::test]
async fn a_cancelled_handler_is_dropped_inside() {
    let probes = Probes::default();
    a_future_is_dropped_inside(connect(probes.attribute()).await, probes).await;
    let probes = Probes::default();
    a_future_is_dropped_inside(connect(probes.created()).await, probes).await;
    let probes = Probes::default();
    a_future_is_dropped_inside(connect(probes.list()).await, probes).await;
    let probes = Probes::default();
    a_future_is_dropped_inside(probes.layer().await, probes).await;
    let probes = Probes::default();
    a_future_is_dropped_inside(probes.list_in_layer().await, probes).await;
}

/// The caller disconnects in the middle of a stream.
async fn a_stream_is_dropped_inside(mut client: Client, probes: Probes) {
    let response = soon(client.greet_many_times(many(HANG, 1))).await.expect("it starts");
    let mut stream = response.into_inner();
    soon(stream.message()).await.expect("the first comes").expect("it isn't the end");
    drop(stream);
    let events = [("stream", "poll"), ("stream", "drop"), ("handler", "poll"), ("handler", "drop")];
    probes.inside.assert_inside(&["scope"], &[OUTSIDE, events].concat()).await;
    probes.outside.assert_inside(&[], &OUTSIDE).await;
}

#[tokio::test]
async fn a_cancelled_stream_is_dropped_inside() {
    let probes = Probes::default();
    a_stream_is_dropped_inside(connect(probes.attribute()).await, probes).await;
    let probes = Probes::default();
    a_stream_is_dropped_inside(connect(probes.created()).await, probes).await;
    let probes = Probes::default();
    a_stream_is_dropped_inside(connect(probes.list()).await, probes).await;
    let probes = Probes::default();
    a_stream_is_dropped_inside(probes.layer().await, probes).await;
    let probes = Probes::default();
    a_stream_is_dropped_inside(probes.list_in_layer().await, probes).await;
}

#[tokio::test]
async fn nested_scopes() {
    let probe = Probe::default();
    let mut client = connect(GreeterServer::new(Nested { probe: probe.clone() })).await;
    for (answer, plain) in call_each(&mut client, "you").await.iter().zip(plain_answers("you")) {
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
    let events = [("handler", "poll"), ("handler", "drop"), ("stream", "poll"), ("stream", "drop")];
    probe.assert_inside(&["outer", "inner"], &events).await;

    let bare = GreeterServer::new(Bare { probe: probe.clone() });
    let mut client = connect_in_layer(bare, (InScope("outer"), InScope("inner"))).await;
    call_each(&mut client, "you").await;
    probe.assert_inside(&["outer", "inner"], &events).await;
}
