//! The generated server, called with raw requests.

mod cases;
mod forms;
mod handler;

use std::sync::Arc;

use grpc_interceptor::RpcKind;
use tonic::codegen::http::{self, HeaderName, HeaderValue, Method};

use crate::{
    KINDS,
    compare::{Comparison, Seen},
    raw::{Part, PollsBehindTheEnd, RawBody, collect},
    reading::{OF_REQUESTS, Steps, TO_THE_END},
    settings::Settings,
    text::{self, Mark},
};
use cases::cases;
use forms::{BARE, FORMS, Form};
use handler::{Answer, Handler};

/// A call that can be made to every RPC.
pub struct Case {
    pub name: String,
    pub request: RawRequest,
    pub answer: Answer,
    pub settings: Settings,
    /// Whether it is worthwhile to read the request in other ways than to the end.
    pub any_reading: bool,
    /// Whether it has gRPC's content type and no trailers. tonic doesn't check; a layer rejects
    /// both.
    pub is_grpc: bool,
    /// Which kinds of RPC it applies to.
    pub is_for: fn(RpcKind) -> bool,
}

/// Derives a path from the RPC's path.
pub type Path = fn(&str) -> String;

pub struct RawRequest {
    pub method: Method,
    pub path: Path,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub parts: Vec<Part>,
}

impl RawRequest {
    fn build(&self, kind: RpcKind, polls: &PollsBehindTheEnd) -> http::Request<RawBody> {
        let path = match kind {
            RpcKind::Unary => "/greeter.v1.Greeter/SayHello",
            RpcKind::ClientStreaming => "/greeter.v1.Greeter/GreetEverybody",
            RpcKind::ServerStreaming => "/greeter.v1.Greeter/GreetManyTimes",
            RpcKind::Bidirectional => "/greeter.v1.Greeter/Chat",
            kind => unreachable!("{kind:?} isn't one of the four"),
        };
        let mut request = http::Request::new(RawBody::new(&self.parts, polls));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = (self.path)(path).parse().expect("it is a path");
        *request.version_mut() = http::Version::HTTP_2;
        request.extensions_mut().insert(Mark("on the request"));
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request
    }
}

async fn call(form: &'static Form, kind: RpcKind, steps: Steps, case: Arc<Case>) -> Seen {
    let polls = PollsBehindTheEnd::default();
    let handler = Handler::new(case.answer.clone(), steps);
    let server = (form.serve)(handler.clone(), case.settings);
    let Ok(response) = server(case.request.build(kind, &polls)).await;
    let (head, body) = response.into_parts();
    let mut lines = vec![
        format!("response: {} {:?}", head.status, head.version),
        format!("headers: {}", text::headers(&head.headers)),
        text::mark(&head.extensions),
        // tonic leaves it there for layers.
        format!("status: {:?}", head.extensions.get().map(text::status)),
    ];
    lines.extend(collect(body).await);
    lines.extend(handler.seen());
    Seen { lines, polls_behind_the_end: polls.count() }
}

/// The ways in which the handler can read the request.
fn readings(case: &Case, kind: RpcKind) -> Vec<Steps> {
    match case.any_reading && kind.is_client_streaming() {
        true => OF_REQUESTS.to_vec(),
        false => vec![TO_THE_END],
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_sends_and_sees_the_same_as_a_bare_one() {
    let mut comparison = Comparison::default();
    for case in cases().into_iter().map(Arc::new) {
        for kind in KINDS.into_iter().filter(|kind| (case.is_for)(*kind)) {
            for steps in readings(&case, kind) {
                let name = format!("{}, {kind:?}, read as {steps:?}", case.name);
                let call = |form| call(form, kind, steps, case.clone());
                let forms = FORMS.iter().filter(|form| case.is_grpc || !form.is_layer);
                let forms = forms.map(|form| (form.name, call(form)));
                comparison.call(&name, call(&BARE), forms).await;
            }
        }
    }
    comparison.finish(1846, 22, 532 * 7);
}
