//! A client interceptor that doesn't call `next` answers the call itself: nothing is sent.

mod support;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload, StreamEnd, interceptor,
};
use support::{
    GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, NOBODY, Tag, call_each_through,
    connect, greeter, hello, many, plain_answers, read, reply, soon,
};
use tonic::{Code, Request, Response, Status};

/// Counts calls.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.fetch_add(1, Ordering::SeqCst);
        next.run(request).await
    }
}

/// A server that counts the calls it receives.
struct Counted {
    calls: Count,
}

greeter!(Counted, [self.calls]);

async fn counted() -> (support::Client, Count) {
    let calls = Count::default();
    (connect(GreeterServer::new(Counted { calls: calls.clone() })).await, calls)
}

#[interceptor]
async fn refuse<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    let mut status = Status::with_details(Code::PermissionDenied, "refused", "why"[..].into());
    status.metadata_mut().insert("refused-by", "the interceptor".parse().expect("it is ASCII"));
    Err(status)
}

#[tokio::test]
async fn an_error_from_an_interceptor_is_the_outcome_and_nothing_is_sent() {
    let (server, calls) = counted().await;
    let inner = Count::default();
    let mut client = server.through((Tag("outer"), refuse, inner.clone()));
    for answer in call_each_through(&mut client, "you").await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "refused"));
        assert_eq!(status.details(), b"why", "{kind:?}");
        assert_eq!(answer.values("refused-by"), ["the interceptor"], "{kind:?}");
        // The outer ones see the status.
        assert_eq!(answer.values("from-handler"), ["outer"], "{kind:?}");
    }
    assert_eq!((inner.get(), calls.get()), (0, 0));
}

/// Answers RPCs with a single response.
struct OneAnswer;

impl<N: Next<Response = HelloReply>> Interceptor<N> for OneAnswer {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        Ok(Response::new(reply("from the interceptor")))
    }
}

/// Answers RPCs with a response stream.
struct ManyAnswers;

impl<N: Next<Response = MessageStream<HelloReply>>> Interceptor<N> for ManyAnswers {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        let messages = ["from", "the interceptor"].map(|message| Ok(reply(message)));
        let failed = Err(Status::data_loss("that's all"));
        let messages = tokio_stream::iter(messages.into_iter().chain([failed]));
        Ok(Response::new(MessageStream::new(messages)))
    }
}

#[tokio::test]
async fn a_response_from_an_interceptor_is_the_outcome_and_nothing_is_sent() {
    let (server, calls) = counted().await;
    let mut client = server.through((Tag("outer"), OneAnswer));
    let response = soon(client.say_hello(hello("you"))).await.expect("it is answered");
    assert_eq!(support::values(response.metadata(), "from-handler"), ["outer"]);
    assert_eq!(response.into_inner(), reply("from the interceptor"));
    let requests = support::names(["you"]);
    let response = soon(client.greet_everybody(requests)).await.expect("it is answered");
    assert_eq!(response.into_inner(), reply("from the interceptor"));
    assert_eq!(calls.get(), 0);
}

#[tokio::test]
async fn a_stream_from_an_interceptor_is_the_response_and_nothing_is_sent() {
    let (server, calls) = counted().await;
    let mut client = server.through((Tag("outer"), ManyAnswers));
    let one = soon(client.greet_many_times(many("you", 1))).await.expect("it is answered");
    let both = soon(client.chat(support::names(["you"]))).await.expect("it is answered");
    for response in [one, both] {
        assert_eq!(support::values(response.metadata(), "from-handler"), ["outer"]);
        let (messages, end) = read(response.into_inner()).await;
        assert_eq!(messages, ["from", "the interceptor"]);
        let status = end.expect_err("its last item is an error");
        assert_eq!((status.code(), status.message()), (Code::DataLoss, "that's all"));
    }
    assert_eq!(calls.get(), 0);
}

#[tokio::test]
async fn a_call_that_no_interceptor_answers_reaches_the_server() {
    let (server, calls) = counted().await;
    let inner = Count::default();
    let mut client = server.through((Tag("outer"), inner.clone()));
    let answers = call_each_through(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("you"));
    assert_eq!((inner.get(), calls.get()), (4, 4));
}

/// Caches successful responses: the reply by the name in the request.
#[derive(Default)]
struct Cache(Mutex<HashMap<String, HelloReply>>);

impl<N> Interceptor<N> for Cache
where
    N: Next<Request = HelloRequest, Response = HelloReply>,
{
    async fn intercept(&self, request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N> {
        let name = request.get_ref().name.clone();
        let cached = self.0.lock().expect("it isn't poisoned").get(&name).cloned();
        if let Some(reply) = cached {
            return Ok(Response::new(reply));
        }
        let response = next.run(request).await?;
        self.0.lock().expect("it isn't poisoned").insert(name, response.get_ref().clone());
        Ok(response)
    }
}

#[tokio::test]
async fn a_second_call_is_answered_from_a_cache() {
    let (server, calls) = counted().await;
    let mut client = server.through(Cache::default());
    for name in ["a", "a", "b", "a", "b"] {
        let response = soon(client.say_hello(hello(name))).await.expect("it is greeted");
        assert_eq!(response.into_inner(), reply(format!("Hello {name}")));
    }
    assert_eq!(calls.get(), 2);
    for _ in 0..2 {
        let status = soon(client.say_hello(hello(NOBODY))).await.expect_err("no one is greeted");
        assert_eq!(status.code(), Code::NotFound);
    }
    // Failures aren't cached.
    assert_eq!(calls.get(), 4);
}

/// Caches messages as they pass. They are complete once the stream has completed.
#[derive(Default)]
struct StreamCache(Arc<Mutex<HashMap<String, Vec<HelloReply>>>>);

impl<N> Interceptor<N> for StreamCache
where
    N: Next<Request = GreetManyTimesRequest, Response = MessageStream<HelloReply>>,
{
    async fn intercept(
        &self,
        request: Request<GreetManyTimesRequest>,
        _: Context,
        next: N,
    ) -> Outcome<N> {
        let name = request.get_ref().name.clone();
        let cached = self.0.lock().expect("it isn't poisoned").get(&name).cloned();
        if let Some(replies) = cached {
            let replies = tokio_stream::iter(replies.into_iter().map(Ok));
            return Ok(Response::new(MessageStream::new(replies)));
        }
        let cache = Arc::clone(&self.0);
        let passed = Arc::new(Mutex::new(Vec::new()));
        let whole = Arc::clone(&passed);
        let response = next.run(request).await?;
        Ok(response.map(|stream| {
            let stream = stream.inspect_messages(move |reply: &HelloReply| {
                passed.lock().expect("it isn't poisoned").push(reply.clone());
            });
            Payload::<HelloReply>::on_end(stream, move |end| {
                if let StreamEnd::Complete { .. } = end {
                    let whole = whole.lock().expect("it isn't poisoned").clone();
                    cache.lock().expect("it isn't poisoned").insert(name, whole);
                }
            })
        }))
    }
}

#[tokio::test]
async fn a_second_stream_is_answered_from_a_cache() {
    let (server, calls) = counted().await;
    let mut client = server.through(StreamCache::default());
    for _ in 0..3 {
        let response = soon(client.greet_many_times(many("a", 2))).await.expect("a is greeted");
        let (messages, end) = read(response.into_inner()).await;
        assert_eq!(messages, ["Hello a 0", "Hello a 1"]);
        end.expect("the stream is complete");
    }
    assert_eq!(calls.get(), 1);
}
