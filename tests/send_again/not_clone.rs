//! A message that isn't `Clone` can't be copied: it is sent once, with the same code.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{RpcKind, Transport, intercepted, interceptors::List};
use grpc_interceptor_proto::text::{self, Line};
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::{Code, Request, Response, Status};

use crate::{
    interceptors::{Ask, Retry},
    lines::{
        lines_client::{InterceptedLinesClient, LinesClient, LinesInterceptors},
        lines_server::{Lines, LinesServer},
    },
    support::events,
};

/// Counts the calls of a handler, which is unavailable.
type Calls = Arc<AtomicUsize>;

fn refuse(calls: &Calls) -> Result<Response<Line>, Status> {
    calls.fetch_add(1, Ordering::SeqCst);
    Err(Status::unavailable("away"))
}

struct Away {
    calls: Calls,
}

#[tonic::async_trait]
impl Lines for Away {
    async fn one(&self, _: Request<Line>) -> Result<Response<Line>, Status> {
        refuse(&self.calls)
    }
}

struct Attribute {
    ask: Ask,
    calls: Calls,
}

#[intercepted(self.ask, Retry)]
impl Lines for Attribute {
    async fn one(&self, _: Request<Line>) -> Result<Response<Line>, Status> {
        refuse(&self.calls)
    }
}

type Asked = UnboundedReceiver<(RpcKind, bool)>;

async fn is_sent_once<T: Transport, I: LinesInterceptors<T>>(
    mut client: InterceptedLinesClient<T, I>,
    calls: &Calls,
    asked: &mut Asked,
) {
    let outcome = client.one(Line("hello".to_owned())).await;
    assert_eq!(outcome.expect_err("it is unavailable").code(), Code::Unavailable);
    assert_eq!(calls.swap(0, Ordering::SeqCst), 1);
    assert_eq!(asked.try_recv(), Ok((RpcKind::Unary, false)));
    asked.try_recv().expect_err("it is one call");
}

#[tokio::test]
async fn it_is_sent_once_by_a_client() {
    let ((sender, mut asked), calls) = (events(), Calls::default());
    let server = || LinesServer::new(Away { calls: calls.clone() });
    let client = LinesClient::with_interceptors(server(), (Ask(sender.clone()), Retry));
    is_sent_once(client, &calls, &mut asked).await;
    let list = List::new().with(Ask(sender)).with(Retry);
    is_sent_once(LinesClient::with_interceptors(server(), list), &calls, &mut asked).await;
}

#[tokio::test]
async fn it_is_handled_once_by_a_server() {
    let ((sender, mut asked), calls) = (events(), Calls::default());
    let ask = Ask(sender);
    let attribute = LinesServer::new(Attribute { ask: ask.clone(), calls: calls.clone() });
    is_sent_once(LinesClient::with_interceptors(attribute, ()), &calls, &mut asked).await;

    let away = || Away { calls: calls.clone() };
    let created = LinesServer::with_interceptors(away(), (ask.clone(), Retry));
    is_sent_once(LinesClient::with_interceptors(created, ()), &calls, &mut asked).await;
    let created = LinesServer::with_interceptors(away(), List::new().with(ask).with(Retry));
    is_sent_once(LinesClient::with_interceptors(created, ()), &calls, &mut asked).await;
}

/// The same codec with a `String`.
struct AwayFromText {
    calls: Calls,
}

#[tonic::async_trait]
impl text::lines_server::Lines for AwayFromText {
    async fn one(&self, _: Request<String>) -> Result<Response<Line>, Status> {
        refuse(&self.calls)
    }

    type ManyStream = tonic::codegen::BoxStream<Line>;

    async fn many(
        &self,
        _: Request<tonic::Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        Err(Status::unimplemented("it is never called"))
    }
}

#[tokio::test]
async fn a_clone_message_with_the_same_codec_is_sent_again() {
    let calls = Calls::default();
    let server = || text::lines_server::LinesServer::new(AwayFromText { calls: calls.clone() });
    let mut client = text::lines_client::LinesClient::with_interceptors(server(), Retry);
    client.one("hello".to_owned()).await.expect_err("it is unavailable");
    assert_eq!(calls.swap(0, Ordering::SeqCst), 3);
    let list = List::from_iter([Retry]);
    let mut client = text::lines_client::LinesClient::with_interceptors(server(), list);
    client.one("hello".to_owned()).await.expect_err("it is unavailable");
    assert_eq!(calls.swap(0, Ordering::SeqCst), 3);

    let service = AwayFromText { calls: calls.clone() };
    let server = text::lines_server::LinesServer::with_interceptors(service, Retry);
    let mut client = text::lines_client::LinesClient::new(server);
    client.one("hello".to_owned()).await.expect_err("it is unavailable");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}
