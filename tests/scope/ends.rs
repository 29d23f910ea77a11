//! A scope that ends the call, and one that does nothing.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use grpc_interceptor::{Scope, intercepted, interceptors::List};
use grpc_interceptor_proto::default_stubs::greeter_server as stubs;
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status};

use crate::{
    interceptors::In,
    support::{
        Answer, BoxStream, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest,
        call_each, call_each_in_layer, call_each_through, connect, connect_in_layer, greeter,
        hello, many, names, plain_answers, read, reply, soon,
    },
};

/// Ends calls as soon as it is told to.
#[derive(Clone, Default)]
struct Until(Arc<AtomicBool>);

impl Until {
    fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Scope for Until {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        run();
        match self.0.load(Ordering::SeqCst) {
            true => Err(Status::unavailable("the server stops")),
            false => Ok(()),
        }
    }
}

/// Stops the scope around it, then waits or continues. It can't be woken.
struct Stopping {
    until: Until,
    waits: bool,
}

impl Future for Stopping {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.until.stop();
        match self.waits {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

/// Stops in the middle: waits if the `name` is "wait", and continues for any other.
struct Stopped {
    until: In<Until>,
}

impl Stopped {
    fn stop(&self, name: &str) -> Stopping {
        Stopping { until: self.until.0.clone(), waits: name == "wait" }
    }

    /// One message before it stops, and `times` messages after.
    fn stream(&self, name: &str, times: u32) -> BoxStream<HelloReply> {
        let first = tokio_stream::once(Ok(reply("before")));
        let stop = self.stop(name);
        let stopped = tokio_stream::once(stop).then(|stop| stop);
        let after = (0..times).map(|number| Ok(reply(format!("after {number}"))));
        Box::pin(first.chain(stopped.filter_map(|()| None)).chain(tokio_stream::iter(after)))
    }
}

#[intercepted(self.until)]
impl stubs::Greeter for Stopped {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.stop(&request.get_ref().name).await;
        Ok(Response::new(reply("at last")))
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let GreetManyTimesRequest { name, times } = request.into_inner();
        Ok(Response::new(self.stream(&name, times)))
    }
}

fn stopped() -> stubs::GreeterServer<Stopped> {
    stubs::GreeterServer::new(Stopped { until: In(Until::default()) })
}

fn assert_stopped(status: &Status) {
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "the server stops"));
}

#[tokio::test]
async fn a_scopes_error_ends_a_waiting_future() {
    let mut client = connect(stopped()).await;
    let outcome = soon(client.say_hello(hello("wait"))).await;
    assert_stopped(&outcome.expect_err("it waits forever"));
}

#[tokio::test]
async fn the_last_poll_of_a_future_counts() {
    let mut client = connect(stopped()).await;
    let response = soon(client.say_hello(hello("go on"))).await.expect("it was ready");
    assert_eq!(response.into_inner(), reply("at last"));
}

#[tokio::test]
async fn a_scopes_error_ends_a_waiting_stream() {
    let mut client = connect(stopped()).await;
    let response = soon(client.greet_many_times(many("wait", 2))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["before"]);
    assert_stopped(&end.expect_err("it waits forever"));
}

#[tokio::test]
async fn the_last_poll_of_a_stream_counts() {
    let mut client = connect(stopped()).await;
    let response = soon(client.greet_many_times(many("go on", 0))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_eq!(messages, ["before"]);
    end.expect("the end was ready");
}

/// A message is a piece that others follow.
#[tokio::test]
async fn a_scopes_error_ends_a_stream_that_is_always_ready() {
    let mut client = connect(stopped()).await;
    let response = soon(client.greet_many_times(many("go on", 1000))).await.expect("it starts");
    let (messages, end) = read(response.into_inner()).await;
    assert_stopped(&end.expect_err("it was stopped after the first message"));
    assert!(messages.len() <= 2, "{} messages have passed", messages.len());
}

struct Plain;

greeter!(Plain, []);

/// Ends each call before any of it runs.
#[derive(Clone)]
struct Closed;

impl Scope for Closed {
    fn enter(&self, _: &mut dyn FnMut()) -> Result<(), Status> {
        Err(Status::unavailable("the server stops"))
    }
}

fn assert_all_stopped(answers: &[Answer; 4]) {
    for answer in answers {
        assert_stopped(answer.status());
    }
}

#[tokio::test]
async fn a_scope_that_runs_nothing_ends_calls_of_all_kinds() {
    let server = GreeterServer::with_interceptors(Plain, In(Closed));
    assert_all_stopped(&call_each(&mut connect(server).await, "you").await);
    let list = List::from_iter([In(Closed)]);
    let server = GreeterServer::with_interceptors(Plain, list.clone());
    assert_all_stopped(&call_each(&mut connect(server).await, "you").await);
    let mut client = connect_in_layer(GreeterServer::new(Plain), In(Closed)).await;
    assert_all_stopped(&call_each(&mut client, "you").await);
    let mut client = connect_in_layer(GreeterServer::new(Plain), list.clone()).await;
    assert_all_stopped(&call_each(&mut client, "you").await);

    let server = connect(GreeterServer::new(Plain)).await;
    assert_all_stopped(&call_each_through(&mut server.through(In(Closed)), "you").await);
    assert_all_stopped(&call_each_through(&mut server.through(list.clone()), "you").await);
    assert_all_stopped(&call_each_in_layer(&mut server.in_layer(In(Closed)), "you").await);
    assert_all_stopped(&call_each_in_layer(&mut server.in_layer(list), "you").await);
}

/// It stops while tonic waits for the client's own next message.
#[tokio::test]
async fn a_scopes_error_ends_a_clients_waiting_request_stream() {
    let server = connect(GreeterServer::new(Plain)).await;
    for as_stream in [false, true] {
        let until = Until::default();
        let mut client = server.through(In(until.clone()));
        let stop = tokio_stream::once(Stopping { until, waits: true }).then(|stop| stop);
        let requests = names(["you"]).chain(stop.map(|()| hello("nobody comes here")));
        let status = match as_stream {
            false => soon(client.greet_everybody(requests)).await.err(),
            true => match soon(client.chat(requests)).await {
                Ok(response) => read(response.into_inner()).await.1.err(),
                Err(status) => Some(status),
            },
        };
        assert_stopped(&status.expect("it was stopped"));
    }
    for as_stream in [false, true] {
        let until = Until::default();
        let mut client = server.in_layer(In(until.clone()));
        let stop = tokio_stream::once(Stopping { until, waits: true }).then(|stop| stop);
        let requests = names(["you"]).chain(stop.map(|()| hello("nobody comes here")));
        let status = match as_stream {
            false => soon(client.greet_everybody(requests)).await.err(),
            true => match soon(client.chat(requests)).await {
                Ok(response) => read(response.into_inner()).await.1.err(),
                Err(status) => Some(status),
            },
        };
        assert_stopped(&status.expect("it was stopped in a layer"));
    }
}

fn assert_plain(answers: &[Answer; 4]) {
    for (answer, plain) in answers.iter().zip(plain_answers("you")) {
        assert_eq!(answer.messages(), plain, "{:?}", answer.kind);
    }
}

#[tokio::test]
async fn a_scope_that_doesnt_call_its_argument_hangs_nothing() {
    let nothing = In(|_: &mut dyn FnMut()| {});
    let server = GreeterServer::with_interceptors(Plain, nothing.clone());
    assert_plain(&call_each(&mut connect(server).await, "you").await);
    let list = List::from_iter([nothing.clone()]);
    let server = GreeterServer::with_interceptors(Plain, list.clone());
    assert_plain(&call_each(&mut connect(server).await, "you").await);
    let mut client = connect_in_layer(GreeterServer::new(Plain), nothing.clone()).await;
    assert_plain(&call_each(&mut client, "you").await);

    let server = connect(GreeterServer::new(Plain)).await;
    assert_plain(&call_each_through(&mut server.through(nothing.clone()), "you").await);
    assert_plain(&call_each_through(&mut server.through(list), "you").await);
    assert_plain(&call_each_in_layer(&mut server.in_layer(nothing), "you").await);
}
