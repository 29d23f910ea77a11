//! In a client's layer, which decides by what arrives: whether a single message is completely
//! there.

use grpc_interceptor::{
    CallEnd, Context, Interceptor, LayerInterceptors, Next, ObservedCall, Observer, Outcome,
    Payload as _, RpcKind,
    interceptors::{CatchPanic, List, observe},
};
use tonic::{Request, metadata::MetadataMap};

use crate::{
    greeter::{assert_sent_again_or_once, watching},
    interceptors::{Ask, Mark, Retry, Tag, Watch},
    support::{GreeterServer, KINDS, call_each_in_layer, connect, events},
};

watching!(Plain, []);

/// [`Watch`], which gets from the RPC's name what the layer can't tell it.
#[derive(Clone)]
struct WatchByName(Watch);

impl<N: Next> Interceptor<N> for WatchByName {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        assert_eq!(context.kind(), RpcKind::Unknown);
        let kind = match context.method_name().method() {
            "SayHello" => RpcKind::Unary,
            "GreetEverybody" => RpcKind::ClientStreaming,
            "GreetManyTimes" => RpcKind::ServerStreaming,
            _ => RpcKind::Bidirectional,
        };
        self.0.see(kind, &request)?;
        next.run(request).await
    }
}

/// Sees each message, and keeps none.
#[derive(Clone)]
struct Looking;

impl<Q, P> Observer<Q, P> for Looking {
    type Call = Looking;

    fn start(&self, _: &Context, _: &MetadataMap) -> Looking {
        Looking
    }
}

impl<Q, P> ObservedCall<Q, P> for Looking {
    fn end(&self, _: &CallEnd<'_>) {}
}

/// Causes messages to be decoded, in both directions.
#[derive(Clone)]
struct Look;

impl<N: Next> Interceptor<N> for Look {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| payload.inspect_messages(|_| {}));
        Ok(next.run(request).await?.map(|payload| payload.inspect_messages(|_| {})))
    }
}

/// Asserts that each attempt has everything that the first one has, with any interceptors around
/// the retry and inside it.
async fn sends_again<I>(interceptors: impl FnOnce(WatchByName) -> I)
where
    I: LayerInterceptors,
{
    let ((sender, mut on_the_server), (inside, mut on_the_client)) = (events(), events());
    let server = connect(GreeterServer::new(Plain { watch: Watch::new(sender, 2) })).await;
    let mut client = server.in_layer(interceptors(WatchByName(Watch::new(inside, 0))));
    let answers = call_each_in_layer(&mut client, "you").await;
    assert_sent_again_or_once(&answers, &mut on_the_client, Some(Tag(7)));
    assert_sent_again_or_once(&answers, &mut on_the_server, None);
}

#[tokio::test]
async fn single_messages_are_sent_again_and_streams_once() {
    sends_again(|watch| (Mark, Retry, watch)).await;
    sends_again(|watch| (Mark, observe(Looking), Retry, watch)).await;
    sends_again(|watch| (Mark, Retry, observe(Looking), watch)).await;
    sends_again(|watch| (CatchPanic::new(), Mark, Retry, watch)).await;
    sends_again(|watch| (Mark, Retry, CatchPanic::new(), watch)).await;
    sends_again(|watch| (Mark, Look, Retry, watch)).await;
    sends_again(|watch| (Mark, Retry, Look, watch)).await;
    sends_again(|watch| {
        (Mark, observe(Looking), CatchPanic::new(), Look, Retry, observe(Looking), Look, watch)
    })
    .await;
}

#[tokio::test]
async fn a_list_sends_again() {
    let list = || List::new().with(Mark);
    sends_again(|watch| list().with(Retry).with(watch)).await;
    sends_again(|watch| list().with(observe(Looking)).with(Retry).with(watch)).await;
    sends_again(|watch| list().with(Retry).with(observe(Looking)).with(watch)).await;
    sends_again(|watch| list().with(CatchPanic::new()).with(Retry).with(watch)).await;
    sends_again(|watch| list().with(Retry).with(CatchPanic::new()).with(watch)).await;
    sends_again(|watch| list().with(Look).with(Retry).with(watch)).await;
    sends_again(|watch| list().with(Look).with(observe(Looking)).with(Retry).with(watch)).await;
    sends_again(|watch| list().with(Retry).with(Look).with(watch)).await;
    sends_again(|watch| (Mark, Look, List::from_iter([Retry]), watch)).await;
}

#[tokio::test]
async fn nested_tuples_and_lists_send_again() {
    sends_again(|watch| (Mark, List::new().with((Retry, watch)))).await;
    sends_again(|watch| List::new().with((Mark, Retry)).with(List::from_iter([watch]))).await;
    sends_again(|watch| List::new().with(Mark).with(List::new().with(Retry).with(watch))).await;
}

/// A single message can be copied and a stream can't, even if an interceptor has inspected it
/// before.
async fn assert_copies<I>(interceptors: impl FnOnce(Ask) -> I)
where
    I: LayerInterceptors,
{
    let ((told, mut copies), (attempts, _)) = (events(), events());
    let server = connect(GreeterServer::new(Plain { watch: Watch::new(attempts, 0) })).await;
    let answers = call_each_in_layer(&mut server.in_layer(interceptors(Ask(told))), "you").await;
    for (answer, kind) in answers.iter().zip(KINDS) {
        // Nothing was lost by asking.
        answer.messages();
        let copy = copies.try_recv().expect("it is one call");
        assert_eq!(copy, (RpcKind::Unknown, !kind.is_client_streaming()), "{kind:?}");
    }
    copies.try_recv().expect_err("there are four calls");
}

#[tokio::test]
async fn single_messages_can_be_copied() {
    assert_copies(|ask| ask).await;
    assert_copies(|ask| (Look, ask)).await;
    assert_copies(|ask| (observe(Looking), ask)).await;
    assert_copies(|ask| List::from_iter([ask])).await;
    assert_copies(|ask| List::new().with(Look).with(ask)).await;
    assert_copies(|ask| List::new().with(observe(Looking)).with(List::from_iter([ask]))).await;
}
