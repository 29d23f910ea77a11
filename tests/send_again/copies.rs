//! Which requests can be copied, and what a copy contains.

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _,
    interceptors::{AnyMessage, List},
};
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::Request;

use crate::{
    interceptors::{Ask, Mark, Tag},
    support::{
        GreeterServer, HelloRequest, KINDS, call_each, call_each_through, connect, events, greeter,
        hello, reply, soon, values,
    },
};

struct Attribute {
    ask: Ask,
}

greeter!(Attribute, [self.ask]);

struct Plain;

greeter!(Plain, []);

/// A single message can be copied, a stream can't.
fn assert_copies(told: &mut UnboundedReceiver<(grpc_interceptor::RpcKind, bool)>) {
    for kind in KINDS {
        let copy = told.try_recv().expect("it is one call");
        assert_eq!(copy, (kind, !kind.is_client_streaming()));
    }
    told.try_recv().expect_err("there are four calls");
}

#[tokio::test]
async fn single_messages_can_be_copied_and_streams_cannot() {
    let (sender, mut told) = events();
    let ask = Ask(sender);
    let attribute = GreeterServer::new(Attribute { ask: ask.clone() });
    call_each(&mut connect(attribute).await, "you").await;
    assert_copies(&mut told);
    let created = GreeterServer::with_interceptors(Plain, ask.clone());
    call_each(&mut connect(created).await, "you").await;
    assert_copies(&mut told);
    let list = List::from_iter([ask.clone()]);
    let created = GreeterServer::with_interceptors(Plain, list.clone());
    call_each(&mut connect(created).await, "you").await;
    assert_copies(&mut told);

    let server = connect(GreeterServer::new(Plain)).await;
    call_each_through(&mut server.through(ask), "you").await;
    assert_copies(&mut told);
    call_each_through(&mut server.through(list), "you").await;
    assert_copies(&mut told);
}

/// Sends the copy, and reports what it contains.
struct SendCopy;

impl<N: Next<Request = HelloRequest>> Interceptor<N> for SendCopy {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let copy = next.clone_request(&request).expect("it is one message");
        assert_eq!(copy.get_ref(), request.get_ref());
        assert_eq!(copy.extensions().get(), Some(&Tag(7)));
        assert_eq!(values(copy.metadata(), "authorization"), ["token 1", "token 2"]);
        assert!(copy.metadata().contains_key("grpc-timeout"));
        // Changing the original makes no difference.
        request.get_mut().name = "nobody".to_owned();
        request.metadata_mut().clear();
        request.extensions_mut().clear();
        assert_eq!(values(copy.metadata(), "authorization"), ["token 1", "token 2"]);
        next.run(copy).await
    }
}

#[tokio::test]
async fn a_copy_has_everything_in_the_request() {
    let server = connect(GreeterServer::new(Plain)).await;
    let response = soon(server.through((Mark, SendCopy)).say_hello(hello("you"))).await;
    assert_eq!(response.expect("you are greeted").into_inner(), reply("Hello you"));
}

/// Changes the message in a list, which has no types, then sends the original followed by the copy.
struct ShoutFirst;

impl<N: Next<RequestMessage = AnyMessage>> Interceptor<N> for ShoutFirst {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let copy = next.clone_request(&request).expect("it is one message");
        let request = request.map(|payload| {
            payload.map_messages(|mut message| {
                let hello: &mut HelloRequest = message.downcast_mut().expect("it is a hello");
                hello.name.make_ascii_uppercase();
                message
            })
        });
        next.run(request).await?;
        next.run(copy).await
    }
}

#[tokio::test]
async fn a_copy_in_a_list_has_the_original_message() {
    let server = connect(GreeterServer::new(Plain)).await;
    let mut client = server.through(List::from_iter([ShoutFirst]));
    let response = soon(client.say_hello(hello("you"))).await.expect("you are greeted");
    assert_eq!(response.into_inner(), reply("Hello you"));
}
