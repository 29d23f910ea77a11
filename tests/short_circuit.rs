//! An interceptor that doesn't call `next` answers the call itself: no inner interceptor and no
//! handler runs.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, intercepted};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use support::{
    BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest, Tag, call_each, call_each_with,
    connect, plain_answers, reply,
};
use tonic::{Code, Request, Response, Status, Streaming};

/// How often each part of a server ran.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.up();
        next.run(request).await
    }
}

/// Answers the call itself if the request says so.
async fn refuse<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    if request.metadata().contains_key("refuse") {
        let mut status = Status::with_details(Code::PermissionDenied, "refused", "why"[..].into());
        status.metadata_mut().insert("refused-by", "the interceptor".parse().expect("it is ASCII"));
        return Err(status);
    }
    next.run(request).await
}

async fn own_message<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = HelloReply>,
{
    if !request.metadata().contains_key("answer") {
        return next.run(request).await;
    }
    let mut response = Response::new(reply("from the interceptor"));
    response.metadata_mut().insert("answered-by", "the interceptor".parse().expect("it is ASCII"));
    Ok(response)
}

async fn own_stream<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<HelloReply>>,
{
    if !request.metadata().contains_key("answer") {
        return next.run(request).await;
    }
    let messages = ["from", "the interceptor"].map(|message| Ok(reply(message)));
    let mut response = Response::new(MessageStream::new(tokio_stream::iter(messages)));
    response.metadata_mut().insert("answered-by", "the interceptor".parse().expect("it is ASCII"));
    Ok(response)
}

#[derive(Clone, Default)]
struct Counted {
    outer: Count,
    inner: Count,
    handlers: Count,
}

#[intercepted(self.outer, Tag("outer"), refuse)]
impl Greeter for Counted {
    #[rpc(with(own_message, self.inner))]
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.handlers.up();
        support::say_hello(request).await
    }

    #[rpc(with(own_message, self.inner))]
    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        self.handlers.up();
        support::greet_everybody(request).await
    }

    type GreetManyTimesStream = BoxStream<HelloReply>;

    #[rpc(with(own_stream, self.inner))]
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        self.handlers.up();
        support::greet_many_times(request).await
    }

    type ChatStream = BoxStream<HelloReply>;

    #[rpc(with(own_stream, self.inner))]
    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.handlers.up();
        support::chat(request).await
    }
}

impl Counted {
    fn counts(&self) -> [usize; 3] {
        [&self.outer, &self.inner, &self.handlers].map(Count::get)
    }
}

#[tokio::test]
async fn an_interceptors_error_is_the_answer_and_nothing_inside_it_runs() {
    let greeter = Counted::default();
    let mut client = connect(GreeterServer::new(greeter.clone())).await;
    for answer in call_each_with(&mut client, "you", &[("refuse", "yes")]).await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "refused"));
        assert_eq!(status.details(), b"why", "{kind:?}");
        assert_eq!(answer.values("refused-by"), ["the interceptor"], "{kind:?}");
        // The outer ones see the status.
        assert_eq!(answer.values("from-handler"), ["outer"], "{kind:?}");
    }
    assert_eq!(greeter.counts(), [4, 0, 0]);
}

#[tokio::test]
async fn an_interceptors_response_is_the_answer_and_nothing_inside_it_runs() {
    let greeter = Counted::default();
    let mut client = connect(GreeterServer::new(greeter.clone())).await;
    for answer in call_each_with(&mut client, "you", &[("answer", "yes")]).await {
        let kind = answer.kind;
        let messages: &[&str] = match kind.is_server_streaming() {
            true => &["from", "the interceptor"],
            false => &["from the interceptor"],
        };
        assert_eq!(answer.messages(), messages, "{kind:?}");
        assert_eq!(answer.values("answered-by"), ["the interceptor"], "{kind:?}");
        assert_eq!(answer.values("from-handler"), ["outer"], "{kind:?}");
    }
    assert_eq!(greeter.counts(), [4, 0, 0]);
}

#[tokio::test]
async fn a_call_that_no_interceptor_answers_reaches_the_handler() {
    let greeter = Counted::default();
    let mut client = connect(GreeterServer::new(greeter.clone())).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
    assert_eq!(greeter.counts(), [4, 4, 4]);
}
