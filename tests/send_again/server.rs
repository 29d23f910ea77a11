//! On a server: a retry around the handlers.

use grpc_interceptor::interceptors::List;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServerInterceptors;

use crate::{
    greeter::{assert_sent_again_or_once, watching},
    interceptors::{Mark, Retry, Tag, Watch},
    support::{GreeterServer, call_each, connect, events},
};

watching!(Attribute, [Mark, Retry]);
watching!(Bare, []);

#[tokio::test]
async fn the_attribute_sends_again() {
    let (sender, mut told) = events();
    let server = GreeterServer::new(Attribute { watch: Watch::new(sender, 2) });
    let answers = call_each(&mut connect(server).await, "you").await;
    assert_sent_again_or_once(&answers, &mut told, Some(Tag(7)));
}

async fn sends_again<I: GreeterServerInterceptors<Bare>>(interceptors: I) {
    let (sender, mut told) = events();
    let service = Bare { watch: Watch::new(sender, 2) };
    let server = GreeterServer::with_interceptors(service, interceptors);
    let answers = call_each(&mut connect(server).await, "you").await;
    assert_sent_again_or_once(&answers, &mut told, Some(Tag(7)));
}

#[tokio::test]
async fn with_interceptors_sends_again() {
    sends_again((Mark, Retry)).await;
    sends_again((Mark, (Retry,))).await;
}

#[tokio::test]
async fn a_list_sends_again() {
    sends_again(List::new().with(Mark).with(Retry)).await;
    sends_again(List::new().with((Mark, Retry))).await;
    sends_again((Mark, List::from_iter([Retry]))).await;
}
