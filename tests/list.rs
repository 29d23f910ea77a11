//! A run-time list of interceptors, on every kind of RPC and on both sides.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload, RpcKind, Side, StreamEnd, interceptor,
    interceptors::{AnyMessage, AnyNext, AnyPayload, CatchPanic, ErrorToStatus, List},
};
use support::{
    GreeterServer, HelloReply, HelloRequest, NOBODY, Tag, call_each, call_each_through, connect,
    greeter, hello, metadata_of, plain_answers, tag,
};
use tonic::{Code, Request, Status, metadata::MetadataValue};

struct Plain;

greeter!(Plain, []);

/// Adds a tag that is only known at run time.
struct Numbered(usize);

impl<N: Next> Interceptor<N> for Numbered {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let value = MetadataValue::from(self.0);
        request.metadata_mut().append("to-handler", value.clone());
        let mut outcome = next.run(request).await;
        metadata_of(&mut outcome).append("from-handler", value);
        outcome
    }
}

#[interceptor]
async fn by_fn<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    tag("fn", request, next).await
}

#[tokio::test]
async fn its_interceptors_run_in_order_on_every_kind_of_rpc() {
    for length in [0, 1, 2, 30] {
        let list: List = (0..length).map(Numbered).collect();
        assert_eq!((list.len(), list.is_empty()), (length, length == 0));
        let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
        let tags: Vec<String> = (0..length).map(|tag| tag.to_string()).collect();
        let back: Vec<String> = tags.iter().rev().cloned().collect();
        for (answer, plain) in call_each(&mut client, "Ada").await.iter().zip(plain_answers("Ada"))
        {
            assert_eq!(answer.messages(), plain);
            assert_eq!(answer.values("seen"), tags);
            assert_eq!(answer.values("from-handler"), back);
        }
        for answer in call_each(&mut client, NOBODY).await {
            assert_eq!(answer.status().code(), Code::NotFound, "{:?}", answer.kind);
            // RPCs that fail in the stream have the tags on their response.
            if !answer.kind.is_server_streaming() {
                assert_eq!(answer.values("from-handler"), back);
            }
        }
    }
}

#[tokio::test]
async fn it_holds_interceptors_of_any_types() {
    let mut list = List::new();
    list.push(Tag("struct"));
    list.push(by_fn);
    list.push((Tag("tuple"), Some(Tag("option"))));
    list.push(Arc::new(CatchPanic::new()));
    list.push(ErrorToStatus::new());
    list.push(List::from_iter([Tag("list")]));
    list.push(async |request: Request<AnyPayload>, _: Context, next: AnyNext<'_>| {
        next.run(request).await
    });
    let server = GreeterServer::with_interceptors(Plain, (Tag("outside"), list, Tag("inside")));
    for answer in call_each(&mut connect(server).await, "Ada").await {
        let expected = ["outside", "struct", "fn", "tuple", "option", "list", "inside"];
        assert_eq!(answer.values("seen"), expected, "{:?}", answer.kind);
    }
}

struct Inside {
    list: List,
}

greeter!(Inside, [self.list]);

#[tokio::test]
async fn it_works_on_a_client_and_in_the_attribute() {
    let list: List = ["one", "two"].into_iter().map(Tag).collect();
    let inside = Inside { list: list.clone() };
    let client = connect(GreeterServer::new(inside)).await;
    for (answer, plain) in
        call_each_through(&mut client.through(list), "Ada").await.iter().zip(plain_answers("Ada"))
    {
        assert_eq!(answer.messages(), plain);
        assert_eq!(answer.values("seen"), ["one", "two", "one", "two"], "{:?}", answer.kind);
    }
}

/// The kind of a call, the number of its messages in each direction, and its end.
type Count = (RpcKind, usize, usize, String);

/// Records what passes.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<Vec<Count>>>);

impl<N: Next> Interceptor<N> for Counted {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let [requests, responses] = [counts.clone(), counts.clone()];
        let request = request.map(|payload| {
            payload.inspect_messages(move |_| {
                requests[0].fetch_add(1, Ordering::Relaxed);
            })
        });
        let response = next.run(request).await?;
        let seen = self.0.clone();
        Ok(response.map(|payload| {
            payload
                .inspect_messages(move |_| {
                    responses[1].fetch_add(1, Ordering::Relaxed);
                })
                .on_end(move |end| {
                    let [requests, responses] =
                        [0, 1].map(|at: usize| counts[at].load(Ordering::Relaxed));
                    let end = match end {
                        StreamEnd::Complete { .. } => "complete".to_owned(),
                        StreamEnd::Failed(status) => format!("{:?}", status.code()),
                        other => format!("{other:?}").to_lowercase(),
                    };
                    seen.lock().unwrap().push((context.kind(), requests, responses, end));
                })
        }))
    }
}

#[tokio::test]
async fn messages_and_ends_of_streams_are_seen() {
    let counted = Counted::default();
    let list = List::from_iter([counted.clone()]);
    let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
    for (answer, plain) in call_each(&mut client, "Ada").await.iter().zip(plain_answers("Ada")) {
        assert_eq!(answer.messages(), plain);
    }
    let complete = |kind, requests, responses| (kind, requests, responses, "complete".to_owned());
    let expected = [
        complete(RpcKind::Unary, 1, 1),
        complete(RpcKind::ClientStreaming, 2, 1),
        complete(RpcKind::ServerStreaming, 1, 2),
        complete(RpcKind::Bidirectional, 2, 2),
    ];
    assert_eq!(*counted.0.lock().unwrap(), expected);

    counted.0.lock().unwrap().clear();
    call_each(&mut client, NOBODY).await;
    let seen: Vec<_> = counted.0.lock().unwrap().clone();
    // The others have no response.
    let expected = [(RpcKind::ServerStreaming, 1, 0), (RpcKind::Bidirectional, 1, 0)]
        .map(|(kind, requests, responses)| (kind, requests, responses, "NotFound".to_owned()));
    assert_eq!(seen, expected);
}

/// Changes the messages whose type it knows, wherever they occur.
struct Polite;

impl<N> Interceptor<N> for Polite
where
    N: Next<RequestMessage = AnyMessage, ResponseMessage = AnyMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let polite = |mut message: AnyMessage| {
            if let Some(HelloRequest { name }) = message.downcast_mut() {
                name.insert_str(0, "dear ");
            }
            message
        };
        assert_eq!(context.side(), Side::Server);
        assert_eq!(request.get_ref().is_stream(), context.kind().is_client_streaming());
        assert_eq!(request.get_ref().single().is_none(), request.get_ref().is_stream());
        let response = next.run(request.map(|payload| payload.map_messages(polite))).await?;
        if let Some(reply) = response.get_ref().single() {
            assert!(reply.downcast_ref::<HelloReply>().unwrap().message.starts_with("Hello "));
        }
        Ok(response)
    }
}

#[tokio::test]
async fn a_messages_type_can_be_tested() {
    let list = List::from_iter([Polite]);
    let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
    let [unary, client_streaming, server_streaming, bidirectional] =
        call_each(&mut client, "Ada").await;
    assert_eq!(unary.messages(), ["Hello dear Ada"]);
    assert_eq!(client_streaming.messages(), ["Hello dear Ada and dear Ada"]);
    assert_eq!(server_streaming.messages(), ["Hello Ada 0", "Hello Ada 1"]);
    assert_eq!(bidirectional.messages(), ["Hello dear Ada", "Hello dear Ada"]);
}

/// Changes a message in place, and reports its type.
struct InPlace;

impl<N: Next<RequestMessage = AnyMessage>> Interceptor<N> for InPlace {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if let Some(message) = Payload::<AnyMessage>::single_mut(request.get_mut()) {
            let text = format!("{message:?}");
            if let Some(hello) = message.downcast_mut::<HelloRequest>() {
                hello.name = text;
            }
        }
        next.run(request).await
    }
}

#[tokio::test]
async fn a_single_message_can_be_changed_in_place() {
    let list = List::from_iter([InPlace]);
    let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
    let [unary, client_streaming, ..] = call_each(&mut client, "Ada").await;
    let name = std::any::type_name::<HelloRequest>();
    assert_eq!(unary.messages(), [format!("Hello AnyMessage({name})")]);
    assert_eq!(client_streaming.messages(), ["Hello Ada and Ada"]);
}

/// Passes each call the request message of the previous call.
#[derive(Default)]
struct MixedUp(Mutex<Option<AnyPayload>>);

impl<'a> Interceptor<AnyNext<'a>> for MixedUp {
    async fn intercept(
        &self,
        request: Request<AnyPayload>,
        _: Context,
        next: AnyNext<'a>,
    ) -> Outcome<AnyNext<'a>> {
        let (metadata, extensions, payload) = request.into_parts();
        let before = self.0.lock().unwrap().replace(payload);
        let before = before.ok_or_else(|| Status::aborted("the first"))?;
        next.run(Request::from_parts(metadata, extensions, before)).await
    }
}

#[tokio::test]
async fn another_rpcs_message_is_an_error() {
    let mut list = List::new();
    list.push(MixedUp::default());
    let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
    let status = client.say_hello(hello("Ada")).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(client.say_hello(hello("Eve")).await.unwrap().get_ref().message, "Hello Ada");
    // A single `HelloRequest` where the RPC takes a stream; then the stream where it takes a single
    // message.
    let status = client.greet_everybody(support::names(["Bob"])).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    let status = client.say_hello(hello("Ada")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
}

/// Needs to know more about the messages than a list can tell.
struct Cloning;

impl<N: Next<ResponseMessage: Clone>> Interceptor<N> for Cloning {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_messages(|message| message.clone())))
    }
}

#[tokio::test]
async fn an_interceptor_with_more_bounds_goes_next_to_the_list() {
    let list = List::from_iter([Tag("list")]);
    let mut client = connect(GreeterServer::with_interceptors(Plain, (Cloning, list))).await;
    for answer in call_each(&mut client, "Ada").await {
        assert_eq!(answer.values("seen"), ["list"], "{:?}", answer.kind);
    }
}

#[test]
fn it_is_shared_and_has_a_length() {
    let list = List::from_iter([Tag("one")]);
    assert_eq!(format!("{:?}", list.clone()), "List { len: 1, .. }");
    assert!(List::default().is_empty());
}

/// Uses more of the stack than most.
#[derive(Clone)]
struct Heavy;

impl<N: Next> Interceptor<N> for Heavy {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let again = next.clone_request(&request);
        let next = next.with_context(context);
        let scope = |run: &mut dyn FnMut()| run();
        match (next.in_scope(scope).run(request).await, again) {
            (Err(status), Some(again)) if status.code() == Code::Unavailable => {
                next.on_call_end(|_| {}).run(again).await
            }
            (outcome, _) => outcome,
        }
    }
}

fn list_of(
    number: usize,
    interceptor: impl for<'a> Interceptor<AnyNext<'a>> + Clone + 'static,
) -> List {
    (0..number).map(|_| interceptor.clone()).collect()
}

/// The longest allowed list fits on a thread's stack, on each side and for every kind of RPC.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_fits_on_a_stack() {
    for list in [list_of(128, Heavy), list_of(128, CatchPanic::new())] {
        let mut client = connect(GreeterServer::with_interceptors(Plain, list.clone())).await;
        for answer in call_each(&mut client, "you").await {
            assert!(answer.result.is_ok(), "{:?}", answer.kind);
        }
        let mut client = client.through(list);
        // On a worker's stack, which is smaller than that of the test's own thread.
        let answers = tokio::spawn(async move { call_each_through(&mut client, "you").await });
        for answer in answers.await.expect("it doesn't panic") {
            assert!(answer.result.is_ok(), "{:?}", answer.kind);
        }
    }
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused() {
    let list = list_of(129, CatchPanic::new());
    let mut client = connect(GreeterServer::with_interceptors(Plain, list)).await;
    for answer in call_each(&mut client, "you").await {
        let status = answer.status();
        assert_eq!(status.code(), Code::Internal, "{:?}", answer.kind);
        assert_eq!(status.message(), "a list of 129 interceptors is too long: it has at most 128");
    }
}
