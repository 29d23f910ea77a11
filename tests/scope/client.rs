//! On a client: includes the request stream, which tonic reads in a separate task.

use grpc_interceptor::{LayerInterceptors, RpcKind, interceptors::List};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};

use crate::{
    interceptors::{InScope, Noting, NotingRequest},
    probe::{Probe, inside, of},
    support::{
        Client, GreeterInterceptors, GreeterServer, InterceptedGreeterClient, connect, events,
        greeter, hello, many, names, read, soon, tell,
    },
};

struct Plain;

greeter!(Plain, []);

async fn plain() -> Client {
    connect(GreeterServer::new(Plain)).await
}

type Channel = tonic::transport::Channel;

const FUTURE: [(&str, &str); 2] = [("future", "poll"), ("future", "drop")];
const REQUEST: [(&str, &str); 2] = [("request", "poll"), ("request", "drop")];
const RESPONSE: [(&str, &str); 2] = [("response", "poll"), ("response", "drop")];

/// Calls an RPC of this kind with a recorded request stream, and reads the response. Both kinds of
/// client have the same methods.
macro_rules! call {
    ($client:expr, $kind:expr, $request:expr) => {{
        let (client, request) = ($client, $request);
        let two = || request.around("request", names(["you", "me"]));
        let stream = match $kind {
            RpcKind::Unary => {
                soon(client.say_hello(hello("you"))).await.expect("you are greeted");
                None
            }
            RpcKind::ClientStreaming => {
                soon(client.greet_everybody(two())).await.expect("both are greeted");
                None
            }
            RpcKind::ServerStreaming => Some(soon(client.greet_many_times(many("you", 2))).await),
            _ => Some(soon(client.chat(two())).await),
        };
        if let Some(stream) = stream {
            let (messages, end) = read(stream.expect("it starts").into_inner()).await;
            end.expect("the stream is complete");
            assert_eq!(messages.len(), 2);
        }
    }};
}

async fn call<I: GreeterInterceptors<Channel>>(
    client: &mut InterceptedGreeterClient<Channel, I>,
    kind: RpcKind,
    request: &Probe,
) {
    call!(client, kind, request);
}

/// The events of a call of this kind.
fn of_kind(kind: RpcKind) -> Vec<(&'static str, &'static str)> {
    let mut events = FUTURE.to_vec();
    if kind.is_server_streaming() {
        events.extend(RESPONSE);
    }
    events
}

async fn all_runs_inside<I: GreeterInterceptors<Channel>>(
    interceptors: impl Fn(Noting, Noting) -> I,
    scopes: &[&'static str],
) {
    let server = plain().await;
    for kind in crate::support::KINDS {
        let [around, within, callers] = [(); 3].map(|()| Probe::default());
        let interceptors = interceptors(Noting::new(&around), Noting::new(&within));
        call(&mut server.through(interceptors), kind, &callers).await;
        within.assert_inside(scopes, &of_kind(kind)).await;
        around.assert_inside(&[], &of_kind(kind)).await;
        // How two of them are nested is checked below.
        if let ([scope], true) = (scopes, kind.is_client_streaming()) {
            callers.assert_inside(&[scope], &REQUEST).await;
        }
        assert_eq!(inside(), of(&[]));
    }
}

#[tokio::test]
async fn the_whole_call_runs_inside() {
    all_runs_inside(|outside, inside| (outside, InScope("scope"), inside), &["scope"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_inside_on_any_thread() {
    all_runs_inside(|outside, inside| (outside, InScope("scope"), inside), &["scope"]).await;
}

#[tokio::test]
async fn the_whole_call_runs_inside_a_lists_scope() {
    let list = |outside, inside| List::new().with(outside).with(InScope("scope")).with(inside);
    all_runs_inside(list, &["scope"]).await;
}

#[tokio::test]
async fn nested_scopes() {
    let nested = |outside, inside| (outside, InScope("outer"), InScope("inner"), inside);
    all_runs_inside(nested, &["outer", "inner"]).await;
    let nested = |outside, inside| {
        List::new().with(outside).with(InScope("outer")).with((InScope("inner"), inside))
    };
    all_runs_inside(nested, &["outer", "inner"]).await;
}

/// The call is cancelled while its request stream is still running.
#[tokio::test]
async fn a_cancelled_call_is_dropped_inside() {
    let (server, probe) = (plain().await, Probe::default());
    let interceptors = (InScope("scope"), Noting::new(&probe));
    let mut client = server.through(interceptors);
    let endless = probe.around("request", names(["you"]).chain(tokio_stream::pending()));
    let call = tokio::spawn(async move { client.greet_everybody(endless).await });
    probe.wait_for(("request", "poll")).await;
    call.abort();
    probe.assert_inside(&["scope"], &[FUTURE, REQUEST].concat()).await;
}

/// The request stream continues without the scope until it ends, which is up to tonic.
#[tokio::test]
async fn a_cancelled_response_stream_is_dropped_inside() {
    let (server, probe) = (plain().await, Probe::default());
    let mut client = server.through((InScope("scope"), Noting::new(&probe)));
    let (sender, receiver) = events();
    tell(&sender, hello("you"));
    let requests = probe.around("request", UnboundedReceiverStream::new(receiver));
    let mut stream = soon(client.chat(requests)).await.expect("it starts").into_inner();
    soon(stream.message()).await.expect("you are greeted").expect("it isn't the end");
    drop((stream, sender));
    probe.assert_inside(&["scope"], &[FUTURE, REQUEST, RESPONSE].concat()).await;
}

/// The interceptor is inside the scope, and so is what it does with each message.
#[tokio::test]
async fn an_inner_interceptors_request_stream_wrapper_runs_inside() {
    let server = plain().await;
    for kind in [RpcKind::ClientStreaming, RpcKind::Bidirectional] {
        let (probe, callers) = (Probe::default(), Probe::default());
        let interceptors = (InScope("scope"), NotingRequest(probe.clone()));
        call(&mut server.through(interceptors), kind, &callers).await;
        let expected = [("wrapped request", "poll"), ("wrapped request", "drop")];
        probe.assert_inside(&["scope"], &expected).await;
    }
}

/// What an interceptor around the scope does with the request stream also belongs to the rest of
/// the call, as does the caller's own stream.
#[tokio::test]
async fn an_outer_interceptors_request_stream_wrapper_runs_inside() {
    let server = plain().await;
    for kind in [RpcKind::ClientStreaming, RpcKind::Bidirectional] {
        let (probe, callers) = (Probe::default(), Probe::default());
        let interceptors = (NotingRequest(probe.clone()), InScope("scope"));
        call(&mut server.through(interceptors), kind, &callers).await;
        let expected = [("wrapped request", "poll"), ("wrapped request", "drop")];
        probe.assert_inside(&["scope"], &expected).await;
        callers.assert_inside(&["scope"], &REQUEST).await;
    }
}

#[tokio::test]
async fn a_request_stream_has_the_inner_scope_inside_the_outer_one() {
    let server = plain().await;
    for kind in [RpcKind::ClientStreaming, RpcKind::Bidirectional] {
        let callers = Probe::default();
        let scopes = (InScope("outer"), InScope("inner"));
        call(&mut server.through(scopes), kind, &callers).await;
        callers.assert_inside(&["outer", "inner"], &REQUEST).await;
    }
}

async fn all_runs_inside_of_a_layer<I>(
    interceptors: impl Fn(Noting, Noting) -> I,
    scopes: &[&'static str],
) where
    I: LayerInterceptors,
{
    let server = plain().await;
    // To a layer each response is a stream.
    let events = [FUTURE, RESPONSE].concat();
    for kind in crate::support::KINDS {
        let [around, within, callers] = [(); 3].map(|()| Probe::default());
        let mut client = server.in_layer(interceptors(Noting::new(&around), Noting::new(&within)));
        call!(&mut client, kind, &callers);
        within.assert_inside(scopes, &events).await;
        around.assert_inside(&[], &events).await;
        if kind.is_client_streaming() {
            callers.assert_inside(scopes, &REQUEST).await;
        }
        assert_eq!(inside(), of(&[]));
    }
}

#[tokio::test]
async fn the_whole_call_runs_inside_a_layers_scope() {
    let tuple = |outside, inside| (outside, InScope("scope"), inside);
    all_runs_inside_of_a_layer(tuple, &["scope"]).await;
    let list = |outside, inside| List::new().with(outside).with(InScope("scope")).with(inside);
    all_runs_inside_of_a_layer(list, &["scope"]).await;
    let nested = |outside, inside| (outside, InScope("outer"), InScope("inner"), inside);
    all_runs_inside_of_a_layer(nested, &["outer", "inner"]).await;
    let nested = |outside, inside| {
        List::new().with(outside).with(InScope("outer")).with((InScope("inner"), inside))
    };
    all_runs_inside_of_a_layer(nested, &["outer", "inner"]).await;
}

/// No matter which of the two is outside, as above.
#[tokio::test]
async fn a_layers_request_wrapper_runs_inside() {
    let server = plain().await;
    let expected = [("wrapped request", "poll"), ("wrapped request", "drop")];
    for kind in crate::support::KINDS {
        let (probe, callers) = (Probe::default(), Probe::default());
        let noting = NotingRequest(probe.clone());
        call!(&mut server.in_layer((InScope("scope"), noting.clone())), kind, &callers);
        probe.assert_inside(&["scope"], &expected).await;
        call!(&mut server.in_layer((noting.clone(), InScope("scope"))), kind, &callers);
        probe.assert_inside(&["scope"], &expected).await;
        let list = List::new().with(noting).with(InScope("scope"));
        call!(&mut server.in_layer(list), kind, &callers);
        probe.assert_inside(&["scope"], &expected).await;
    }
}

#[tokio::test]
async fn a_cancelled_call_in_a_layer_is_dropped_inside() {
    let (server, probe) = (plain().await, Probe::default());
    let mut client = server.in_layer((InScope("scope"), Noting::new(&probe)));
    let endless = probe.around("request", names(["you"]).chain(tokio_stream::pending()));
    let call = tokio::spawn(async move { client.greet_everybody(endless).await });
    probe.wait_for(("request", "poll")).await;
    call.abort();
    probe.assert_inside(&["scope"], &[FUTURE, REQUEST].concat()).await;
}
