//! The call's span is current wherever the call runs.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{
    CallEnd, Context, Interceptor, Next, Outcome, Payload as _,
    interceptors::{OnCallEnd, on_call_end},
};
use opentelemetry::trace::{SpanId, SpanKind};
use tonic::Request;

use crate::{
    collector::{Collector, one},
    greeter::{Telling, current},
    support::{
        Answer, Client, GreeterServer, call_each, call_each_in_layer, call_each_through, connect,
        connect_in_layer,
    },
};

/// Records what is current when something happens inside the trace.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<(&'static str, SpanId)>>>);

impl Noting {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push((what, current()));
    }

    /// What was recorded for each span, without duplicates.
    fn of(&self, span: SpanId) -> Vec<&'static str> {
        let noted = self.0.lock().unwrap();
        let mut of: Vec<_> =
            noted.iter().filter(|(_, noted)| *noted == span).map(|(what, _)| *what).collect();
        of.sort_unstable();
        of.dedup();
        of
    }
}

impl<N: Next> Interceptor<N> for Noting {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.note("interceptor");
        let (requests, responses) = (self.clone(), self.clone());
        let request =
            request.map(|payload| payload.inspect_messages(move |_| requests.note("request")));
        let response = next.run(request).await?;
        self.note("interceptor again");
        Ok(response.map(|payload| payload.inspect_messages(move |_| responses.note("response"))))
    }
}

/// Includes the report of the end: backends attach the current span as an exemplar.
fn inside(
    noting: &Noting,
) -> (OnCallEnd<impl Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static + use<>>, Noting) {
    let ended = noting.clone();
    (on_call_end(move |_, _| ended.note("end")), noting.clone())
}

const ALL: [&str; 5] = ["end", "interceptor", "interceptor again", "request", "response"];

async fn assert_current(
    collector: &Collector,
    noting: &Noting,
    kind: SpanKind,
    answers: &[Answer; 4],
) {
    let methods = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"];
    let spans = collector.spans(4).await;
    for (method, answer) in methods.into_iter().zip(answers) {
        let span = one(&spans, kind.clone(), &format!("greeter.v1.Greeter/{method}"));
        let id = span.span_context.span_id();
        assert_eq!(noting.of(id), ALL, "{method}");
        if kind == SpanKind::Server {
            // What each part of the handler's code saw.
            let id = id.to_string();
            assert!(answer.messages().iter().all(|seen| *seen == id), "{method}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn on_a_server() {
    let (collector, noting) = (Collector::new(), Noting::default());
    let interceptors = (collector.trace(), inside(&noting));
    let mut client =
        connect(GreeterServer::with_interceptors(Telling::default(), interceptors)).await;
    let answers = call_each(&mut client, "").await;
    assert_current(&collector, &noting, SpanKind::Server, &answers).await;
}

#[tokio::test]
async fn in_a_servers_layer() {
    let (collector, noting) = (Collector::new(), Noting::default());
    let mut client = layered(&collector, &noting).await;
    let answers = call_each(&mut client, "").await;
    let spans = collector.spans(4).await;
    for (span, answer) in spans.iter().zip(&answers) {
        // The layer doesn't know the RPCs.
        assert_eq!(span.name, "grpc");
        let id = span.span_context.span_id();
        assert_eq!(noting.of(id), ALL);
        assert!(answer.messages().iter().all(|seen| *seen == id.to_string()), "{answer:?}");
    }
}

async fn layered(collector: &Collector, noting: &Noting) -> Client {
    let interceptors = (collector.trace(), inside(noting));
    connect_in_layer(GreeterServer::new(Telling::default()), interceptors).await
}

#[tokio::test]
async fn on_a_client() {
    let (collector, noting) = (Collector::new(), Noting::default());
    let client = connect(GreeterServer::new(Telling::default())).await;
    let answers =
        call_each_through(&mut client.through((collector.trace(), inside(&noting))), "").await;
    assert_current(&collector, &noting, SpanKind::Client, &answers).await;
}

#[tokio::test]
async fn in_a_clients_layer() {
    let (collector, noting) = (Collector::new(), Noting::default());
    let client = connect(GreeterServer::new(Telling::default())).await;
    let answers =
        call_each_in_layer(&mut client.in_layer((collector.trace(), inside(&noting))), "").await;
    assert_current(&collector, &noting, SpanKind::Client, &answers).await;
}

#[tokio::test]
async fn and_nowhere_else() {
    let (collector, noting) = (Collector::new(), Noting::default());
    let interceptors = (noting.clone(), collector.trace());
    let mut client =
        connect(GreeterServer::with_interceptors(Telling::default(), interceptors)).await;
    call_each(&mut client, "").await;
    collector.spans(4).await;
    assert_eq!(noting.of(SpanId::INVALID).len(), 4);
    assert_eq!(current(), SpanId::INVALID);
}
