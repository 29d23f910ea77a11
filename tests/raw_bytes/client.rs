//! The generated client, with a transport that answers with raw responses.

mod cases;
mod forms;
mod transport;

use std::sync::Arc;

use grpc_interceptor::RpcKind;
use grpc_interceptor_proto::greeter::HelloReply;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};

use crate::{
    KINDS,
    compare::{Comparison, Seen},
    raw::PollsBehindTheEnd,
    reading::{OF_RESPONSES, Steps, TO_THE_END, read},
    settings::Settings,
    slowly::Slowly,
    text::{self, Lines, Mark},
};
use cases::cases;
use forms::{BARE, FORMS, Form};
use transport::{Canned, RawResponse};

/// A call that can be made to every RPC.
pub struct Case {
    pub name: String,
    pub request: Outgoing,
    pub response: RawResponse,
    pub settings: Settings,
    /// Whether it is worthwhile to read the response in other ways than to the end.
    pub any_reading: bool,
}

/// What the caller passes to the client.
#[derive(Default)]
pub struct Outgoing {
    pub metadata: MetadataMap,
    /// Only the first one if the RPC takes one message. `None` stands for a message that isn't
    /// ready yet.
    pub names: Vec<Option<String>>,
}

impl Outgoing {
    /// The name in a single request.
    fn name(&self) -> String {
        self.names.iter().flatten().next().cloned().unwrap_or_default()
    }

    fn names(&self) -> Slowly<String> {
        Slowly::new(self.names.clone())
    }

    fn request<M>(&self, content: M) -> Request<M> {
        let mut request = Request::new(content);
        *request.metadata_mut() = self.metadata.clone();
        request.extensions_mut().insert(Mark("on the request"));
        request
    }
}

fn head<M>(response: Response<M>, lines: &mut Lines) -> M {
    let (metadata, content, extensions) = response.into_parts();
    lines.push(format!("response: {}", text::metadata(&metadata)));
    lines.push(text::mark(&extensions));
    content
}

/// What the caller of an RPC with a single response sees.
fn one(outcome: Result<Response<HelloReply>, Status>) -> Lines {
    let mut lines = Lines::new();
    match outcome {
        Ok(response) => {
            let reply = head(response, &mut lines);
            lines.push(format!("message: {reply:?}"));
        }
        Err(status) => lines.push(text::status(&status)),
    }
    lines
}

/// What the caller of an RPC with a response stream sees.
async fn many(outcome: Result<Response<Streaming<HelloReply>>, Status>, steps: Steps) -> Lines {
    let mut lines = Lines::new();
    match outcome {
        Ok(response) => {
            let mut stream = head(response, &mut lines);
            // Its error is in the lines.
            let _ = read(&mut stream, steps, &mut lines).await;
        }
        Err(status) => lines.push(text::status(&status)),
    }
    lines
}

async fn call(form: &'static Form, kind: RpcKind, steps: Steps, case: Arc<Case>) -> Seen {
    let polls = PollsBehindTheEnd::default();
    let transport = Canned::new(case.response.clone(), polls.clone());
    let mut lines = (form.call)(transport.clone(), kind, steps, case).await;
    lines.extend(transport.seen());
    Seen { lines, polls_behind_the_end: polls.count() }
}

/// The ways in which the caller can read the response.
fn readings(case: &Case, kind: RpcKind) -> &'static [Steps] {
    match case.any_reading && kind.is_server_streaming() {
        true => OF_RESPONSES,
        false => &[TO_THE_END],
    }
}

// The clock is paused: otherwise delays on a busy machine would count towards a timeout.
#[tokio::test(start_paused = true)]
async fn a_client_sends_and_sees_the_same_as_a_bare_one() {
    let mut comparison = Comparison::default();
    for case in cases().into_iter().map(Arc::new) {
        for kind in KINDS {
            for steps in readings(&case, kind) {
                let name = format!("{}, {kind:?}, read as {steps:?}", case.name);
                let call = |form| call(form, kind, steps, case.clone());
                // A layer has to convert the transport's boxed error, which adds a word.
                let is_boxed = case.response.is_never_ready;
                let forms = FORMS.iter().filter(|form| !is_boxed || !form.is_layer);
                let forms = forms.map(|form| (form.name, call(form)));
                comparison.call(&name, call(&BARE), forms).await;
            }
        }
    }
    comparison.finish(3484, 13, 4 * 5);
}
