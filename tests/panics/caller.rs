//! Makes the call that a case tests, and reports what its caller sees.

use grpc_interceptor::{LayerInterceptors, LayerService};
use grpc_interceptor_proto::greeter::greeter_client::{
    GreeterClient, GreeterInterceptors, InterceptedGreeterClient,
};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::{JoinError, JoinHandle},
};
use tokio_stream::{Stream, StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};

use crate::{
    place::{Form, Kind, Place},
    plan::Plan,
    planned::text_of,
    raising::Raising,
    support::{Client, HelloReply, HelloRequest, hello, many},
};

/// What the caller sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Answered,
    /// Failed with this status, instead of a response or as its last item.
    Failed(Code, String),
    /// Panicked with this payload, either in the call or in its response stream.
    Panicked(String),
    /// The caller dropped the call or its response stream, as planned.
    Dropped,
    Hung,
}

/// Starts the call in a task, as most callers do: a panic unwinds the task with everything the
/// caller holds.
pub(crate) fn start(client: &Client, plan: &Plan) -> JoinHandle<Outcome> {
    match plan.case.form {
        Form::Client => {
            let interceptors = (plan.outside(), plan.catch(), plan.inside());
            tokio::spawn(call(client.through(interceptors), plan.clone()))
        }
        Form::ListOfClient => tokio::spawn(call(client.through(plan.list()), plan.clone())),
        Form::LayerOfClient => {
            let interceptors = (plan.outside(), plan.catch(), plan.inside());
            tokio::spawn(call_in_layer(client.in_layer(interceptors), plan.clone()))
        }
        Form::ListInLayerOfClient => {
            tokio::spawn(call_in_layer(client.in_layer(plan.list()), plan.clone()))
        }
        _ => tokio::spawn(call(client.through(()), plan.clone())),
    }
}

pub(crate) fn outcome_of(joined: Result<Outcome, JoinError>) -> Outcome {
    match joined.map_err(JoinError::into_panic) {
        Ok(outcome) => outcome,
        Err(payload) => {
            let text = text_of(&*payload);
            // It could panic when it is dropped.
            std::mem::forget(payload);
            Outcome::Panicked(text)
        }
    }
}

/// Both kinds of client have the same methods.
macro_rules! call {
    ($client:expr, $plan:expr) => {{
        let (mut client, plan) = ($client, $plan);
        let waiting = plan.waiting.clone();
        tokio::select! {
            outcome = async { call_to_its_end!(client, plan) } => outcome,
            () = waiting.notified() => Outcome::Dropped,
        }
    }};
}

macro_rules! call_to_its_end {
    ($client:ident, $plan:ident) => {
        match $plan.case.kind {
            Kind::Unary => single($client.say_hello(marked(hello("a"))).await),
            Kind::ClientStreaming => {
                let (requests, _) = requests(&$plan);
                single($client.greet_everybody(marked(requests)).await)
            }
            Kind::ServerStreaming => {
                let outcome = $client.greet_many_times(marked(many("a", 2))).await;
                stream(outcome, &$plan, None).await
            }
            Kind::Bidirectional | Kind::BidirectionalInTurn => {
                let (requests, second) = requests(&$plan);
                stream($client.chat(marked(requests)).await, &$plan, second).await
            }
        }
    };
}

async fn call<I>(client: InterceptedGreeterClient<Channel, I>, plan: Plan) -> Outcome
where
    I: GreeterInterceptors<Channel>,
{
    call!(client, plan)
}

async fn call_in_layer<I>(client: GreeterClient<LayerService<Channel, I>>, plan: Plan) -> Outcome
where
    I: LayerInterceptors,
{
    call!(client, plan)
}

fn marked<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    Plan::mark(request.metadata_mut());
    request
}

/// Two requests. The caller can be left to send the second one.
fn requests(
    plan: &Plan,
) -> (impl Stream<Item = HelloRequest> + Send + 'static, Option<UnboundedSender<HelloRequest>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    send(&sender, "a");
    let mut requests: Box<dyn Stream<Item = HelloRequest> + Send + Unpin> =
        Box::new(UnboundedReceiverStream::new(receiver));
    let place = plan.place();
    let second = if place.leaves_requests() {
        // Otherwise it could end before it is dropped.
        requests = Box::new(requests.chain(tokio_stream::pending()));
        None
    } else if place.leaves_replies() || plan.case.kind == Kind::BidirectionalInTurn {
        Some(sender)
    } else {
        send(&sender, "b");
        None
    };
    let at = match place {
        Place::Requests(at) => Some(at),
        _ => None,
    };
    (Raising::new(requests, plan, at, place == Place::RequestsDropped), second)
}

fn send(requests: &UnboundedSender<HelloRequest>, name: &str) {
    // If the call has ended, no one is receiving.
    let _ = requests.send(hello(name));
}

fn single(outcome: Result<Response<HelloReply>, Status>) -> Outcome {
    outcome.map_or_else(failed, |_| Outcome::Answered)
}

async fn stream(
    outcome: Result<Response<Streaming<HelloReply>>, Status>,
    plan: &Plan,
    mut second: Option<UnboundedSender<HelloRequest>>,
) -> Outcome {
    let mut replies = match outcome {
        Ok(response) => response.into_inner(),
        Err(status) => return failed(status),
    };
    loop {
        match replies.message().await {
            Ok(Some(_)) if plan.place().leaves_replies() => return Outcome::Dropped,
            Ok(Some(_)) => {
                if let Some(second) = second.take() {
                    send(&second, "b");
                }
            }
            Ok(None) => return Outcome::Answered,
            Err(status) => return failed(status),
        }
    }
}

fn failed(status: Status) -> Outcome {
    Outcome::Failed(status.code(), status.message().to_owned())
}
