//! What an interceptor on a server does with a deadline: everything inside it sees the deadline,
//! and `run_in_time` enforces it. The generated client calls the server in process, so that tonic
//! enforces nothing.

use std::time::Duration;

use grpc_interceptor::{
    Context, InterceptorLayer, LayerInterceptors, LayerService, Side, intercepted,
    interceptors::List,
};
use grpc_interceptor_proto::{default_stubs::greeter_server as stubs, greeter::greeter_server};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::Instant,
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, Streaming};
use tower::Layer as _;

use crate::{
    interceptors::{InTime, Seen, SetTimeout, WithDeadline},
    kinds::{AN_HOUR, ms, with_timeout},
    support::{
        BoxStream, GeneratedServer, GreetManyTimesRequest, GreeterClient, GreeterServer,
        HelloReply, HelloRequest, all, events,
        guard::{Events, Guard},
        hello, many, names, reply, say_hello, tell,
    },
};

type Told = UnboundedSender<Option<Duration>>;

/// A greeter with these interceptors around its handlers, which report how much time they have.
macro_rules! telling {
    ($greeter:ident, [$($entries:tt)*]) => {
        #[intercepted($($entries)*)]
        impl greeter_server::Greeter for $greeter {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
                context: Context,
            ) -> Result<Response<HelloReply>, Status> {
                tell(&self.told, context.time_remaining());
                say_hello(request).await
            }

            async fn greet_everybody(
                &self,
                request: Request<Streaming<HelloRequest>>,
                context: Context,
            ) -> Result<Response<HelloReply>, Status> {
                tell(&self.told, context.time_remaining());
                crate::support::greet_everybody(request).await
            }

            type GreetManyTimesStream = BoxStream<HelloReply>;

            async fn greet_many_times(
                &self,
                request: Request<GreetManyTimesRequest>,
                context: Context,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                tell(&self.told, context.time_remaining());
                crate::support::greet_many_times(request).await
            }

            type ChatStream = BoxStream<HelloReply>;

            async fn chat(
                &self,
                request: Request<Streaming<HelloRequest>>,
                context: Context,
            ) -> Result<Response<Self::ChatStream>, Status> {
                tell(&self.told, context.time_remaining());
                crate::support::chat(request).await
            }
        }
    };
}

/// Calls each kind of RPC once.
async fn call_each(server: impl GeneratedServer, timeout: Option<Duration>) {
    let mut client = GreeterClient::new(server);
    let unary = client.say_hello(with_timeout(hello("you"), timeout)).await;
    unary.expect("you are greeted");
    let two = || with_timeout(names(["you", "me"]), timeout);
    client.greet_everybody(two()).await.expect("both are greeted");
    let streams = [
        client.greet_many_times(with_timeout(many("you", 2), timeout)).await,
        client.chat(two()).await,
    ];
    for stream in streams {
        let messages = stream.expect("it starts").into_inner();
        let messages: Result<Vec<_>, _> = messages.collect().await;
        assert_eq!(messages.expect("both are greeted").len(), 2);
    }
}

struct Attribute {
    outer: List,
    seen: Seen,
    told: Told,
}

telling!(Attribute, [self.outer, self.seen]);

struct Bare {
    told: Told,
}

telling!(Bare, []);

/// How much time a chain has if these are the outermost interceptors: as seen by another
/// interceptor, and by the handlers.
async fn attribute(outer: List, timeout: Option<Duration>) -> [Vec<Option<Duration>>; 2] {
    let ((told, receiver), seen) = (events(), Seen::default());
    let server = GreeterServer::new(Attribute { outer, seen: seen.clone(), told });
    call_each(server, timeout).await;
    [seen.take_remaining(), all(receiver).await]
}

/// The same with `with_interceptors`.
async fn creation(outer: List, timeout: Option<Duration>) -> [Vec<Option<Duration>>; 2] {
    let ((told, receiver), seen) = (events(), Seen::default());
    let server = GreeterServer::with_interceptors(Bare { told }, outer.with(seen.clone()));
    call_each(server, timeout).await;
    [seen.take_remaining(), all(receiver).await]
}

/// The same in a layer around a server, with the attribute's typed chain inside.
async fn layer(outer: List, timeout: Option<Duration>) -> [Vec<Option<Duration>>; 2] {
    let ((told, receiver), seen) = (events(), Seen::default());
    let inside = Attribute { outer: List::new(), seen: seen.clone(), told };
    call_each(in_layer(GreeterServer::new(inside), outer), timeout).await;
    [seen.take_remaining(), all(receiver).await]
}

/// The call is made in process, so the request doesn't reveal its side.
fn in_layer<S, I: LayerInterceptors>(server: S, interceptors: I) -> LayerService<S, I> {
    InterceptorLayer::new(interceptors).on_side(Side::Server).layer(server)
}

fn each(remaining: Duration) -> [Vec<Option<Duration>>; 2] {
    [vec![Some(remaining); 4], vec![Some(remaining); 4]]
}

#[tokio::test(start_paused = true)]
async fn the_attributes_inner_interceptors_and_handlers_see_a_deadline() {
    for timeout in [None, Some(AN_HOUR)] {
        let outer = List::from_iter([WithDeadline(ms(100))]);
        assert_eq!(attribute(outer, timeout).await, each(ms(100)));
        let outer = List::from_iter([InTime(ms(100))]);
        assert_eq!(attribute(outer, timeout).await, each(ms(100)));
    }
    let outer = List::from_iter([WithDeadline(AN_HOUR)]);
    assert_eq!(attribute(outer, Some(ms(100))).await, each(ms(100)));
}

#[tokio::test(start_paused = true)]
async fn a_created_servers_inner_interceptors_see_a_deadline() {
    for timeout in [None, Some(AN_HOUR)] {
        let [seen, _] = creation(List::from_iter([WithDeadline(ms(100))]), timeout).await;
        assert_eq!(seen, vec![Some(ms(100)); 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_created_servers_handlers_see_a_deadline() {
    for timeout in [None, Some(AN_HOUR)] {
        let [_, told] = creation(List::from_iter([WithDeadline(ms(100))]), timeout).await;
        assert_eq!(told, vec![Some(ms(100)); 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_typed_chain_and_the_handlers_inside_a_layer_see_a_deadline() {
    for timeout in [None, Some(AN_HOUR)] {
        let outer = List::from_iter([WithDeadline(ms(100))]);
        assert_eq!(layer(outer, timeout).await, each(ms(100)));
        let outer = List::from_iter([InTime(ms(100))]);
        assert_eq!(layer(outer, timeout).await, each(ms(100)));
    }
    let outer = List::from_iter([WithDeadline(AN_HOUR)]);
    assert_eq!(layer(outer, Some(ms(100))).await, each(ms(100)));
}

/// Metadata that an interceptor sets on a server no longer acts as a timeout.
#[tokio::test(start_paused = true)]
async fn a_timeout_in_the_metadata_changes_nothing_inside_the_attribute() {
    let outer = List::from_iter([SetTimeout(ms(100))]);
    assert_eq!(attribute(outer, Some(AN_HOUR)).await, each(AN_HOUR));
}

/// Hangs, either immediately or in the middle of its response.
struct Hanging {
    events: Events,
    in_time: Option<InTime>,
}

#[intercepted(self.in_time)]
impl stubs::Greeter for Hanging {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let _guard = Guard::new(&self.events, "handler");
        std::future::pending().await
    }

    async fn greet_many_times(
        &self,
        _: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let guard = Guard::new(&self.events, "stream");
        let replies = tokio_stream::iter(0..1000).then(move |number| {
            let _ = &guard;
            async move {
                tokio::time::sleep(ms(30)).await;
                Ok(reply(format!("{number}")))
            }
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

fn hanging(in_time: Option<InTime>) -> (stubs::GreeterServer<Hanging>, UnboundedReceiver<String>) {
    let (events, receiver) = events();
    (stubs::GreeterServer::new(Hanging { events, in_time }), receiver)
}

const IN_TIME: InTime = InTime(ms(100));

#[tokio::test(start_paused = true)]
async fn a_hanging_handler_is_dropped_at_the_deadline() {
    let (server, receiver) = hanging(Some(IN_TIME));
    a_handler_is_dropped(server, receiver).await;
    let (server, receiver) = hanging(None);
    a_handler_is_dropped(in_layer(server, IN_TIME), receiver).await;
}

async fn a_handler_is_dropped(
    server: impl GeneratedServer,
    mut receiver: UnboundedReceiver<String>,
) {
    let start = Instant::now();
    let outcome = GreeterClient::new(server).say_hello(hello("you")).await;
    let status = outcome.expect_err("the handler hangs");
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, ms(100)));
    let told = [receiver.recv().await, receiver.recv().await];
    assert_eq!(told, ["handler begins", "handler is dropped"].map(|it| Some(it.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_response_stream_is_ended_and_dropped_at_the_deadline() {
    let (server, receiver) = hanging(Some(IN_TIME));
    a_stream_is_dropped(server, receiver).await;
    let (server, receiver) = hanging(None);
    a_stream_is_dropped(in_layer(server, IN_TIME), receiver).await;
}

async fn a_stream_is_dropped(
    server: impl GeneratedServer,
    mut receiver: UnboundedReceiver<String>,
) {
    let start = Instant::now();
    let response = GreeterClient::new(server).greet_many_times(many("you", 1)).await;
    let mut stream = response.expect("it starts").into_inner();
    let mut messages = 0;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => messages += 1,
            Ok(None) => panic!("it hangs"),
            Err(status) => break status,
        }
    };
    let end = (messages, status.code(), start.elapsed());
    assert_eq!(end, (3, Code::DeadlineExceeded, ms(100)));
    // While the client still holds the stream.
    let told = [receiver.recv().await, receiver.recv().await];
    assert_eq!(told, ["stream begins", "stream is dropped"].map(|it| Some(it.to_owned())));
    drop(stream);
}
