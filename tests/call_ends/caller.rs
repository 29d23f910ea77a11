//! Makes the call that a case tests.

use std::{pin::Pin, time::Duration};

use grpc_interceptor::{LayerInterceptors, LayerService};
use grpc_interceptor_proto::greeter::greeter_client::{
    GreeterClient, GreeterInterceptors, InterceptedGreeterClient,
};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};
use tokio_stream::{Stream, StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming, transport::Channel};

use crate::{
    case::{End, Form},
    observers::MARK,
    plan::Plan,
    support::{Client, HelloReply, HelloRequest, hello, many, tell},
};

/// The deadline of a late call. The server's clock starts later than the client's, by the time the
/// call is in transit: less than a twentieth of this.
const TIME: Duration = Duration::from_secs(3);

/// Starts the call in a task, as most callers do: a panic unwinds the task with everything the
/// caller holds.
pub(crate) fn start(client: &Client, plan: &Plan) -> JoinHandle<()> {
    let plan = plan.clone();
    match plan.case.form {
        Form::Client => tokio::spawn(call(
            client.through((plan.outermost(), plan.observers(), plan.inside())),
            plan,
        )),
        Form::ListOfClient => {
            tokio::spawn(call(client.through((plan.list(), plan.innermost())), plan))
        }
        Form::LayerOfClient => tokio::spawn(call_in_layer(
            client.in_layer((plan.outermost(), plan.observers(), plan.inside())),
            plan,
        )),
        Form::ListInLayerOfClient => {
            tokio::spawn(call_in_layer(client.in_layer((plan.list(), plan.innermost())), plan))
        }
        _ => tokio::spawn(call(client.through(()), plan)),
    }
}

/// Both kinds of client have the same methods.
macro_rules! call {
    ($client:expr, $plan:expr) => {{
        let (mut client, plan) = ($client, $plan);
        let waiting = plan.waiting.clone();
        tokio::select! {
            () = async { call_to_its_end!(client, plan) } => {}
            () = waiting.notified() => {}
        }
    }};
}

macro_rules! call_to_its_end {
    ($client:ident, $plan:ident) => {{
        let one = hello("a");
        let (requests, more) = requests(&$plan);
        let kind = $plan.case.kind;
        match (kind.is_client_streaming(), kind.is_server_streaming()) {
            (false, false) => drop($client.say_hello(with_metadata(one, &$plan)).await),
            (true, false) => drop($client.greet_everybody(with_metadata(requests, &$plan)).await),
            (false, true) => {
                let request = with_metadata(many("a", 2), &$plan);
                read($client.greet_many_times(request).await, &$plan).await;
            }
            (true, true) => {
                read($client.chat(with_metadata(requests, &$plan)).await, &$plan).await;
            }
        }
        // A client cancels a stream once both of its halves are dropped.
        drop(more);
    }};
}

async fn call<I>(client: InterceptedGreeterClient<Channel, I>, plan: Plan)
where
    I: GreeterInterceptors<Channel>,
{
    call!(client, plan);
}

async fn call_in_layer<I>(client: GreeterClient<LayerService<Channel, I>>, plan: Plan)
where
    I: LayerInterceptors,
{
    call!(client, plan);
}

fn with_metadata<T>(message: T, plan: &Plan) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(MARK, "yes".parse().expect("it is ASCII"));
    request.metadata_mut().insert("x-request-id", plan.id.parse().expect("it is ASCII"));
    if plan.case.end.is_late() {
        request.set_timeout(TIME);
    }
    request
}

/// Two requests, or one and a sender for more.
fn requests(
    plan: &Plan,
) -> (impl Stream<Item = HelloRequest> + Send + 'static, Option<UnboundedSender<HelloRequest>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    tell(&sender, hello("a"));
    let requests = UnboundedReceiverStream::new(receiver);
    let end = plan.case.end;
    if end.is_before_the_response() {
        // The end of the requests must not reach the server before the end of the call.
        let requests: Requests = Box::pin(requests.chain(tokio_stream::pending()));
        return (requests, None);
    }
    if end.is_in_the_stream() {
        return (Box::pin(requests), Some(sender));
    }
    tell(&sender, hello("b"));
    (Box::pin(requests), None)
}

type Requests = Pin<Box<dyn Stream<Item = HelloRequest> + Send>>;

async fn read(outcome: Result<Response<Streaming<HelloReply>>, Status>, plan: &Plan) {
    let Ok(response) = outcome else { return };
    let mut replies = response.into_inner();
    let mut count = 0;
    while let Ok(Some(_)) = replies.message().await {
        count += 1;
        match plan.case.end {
            End::DroppedInTheStream => return,
            End::DroppedBehindTheLast if count == 2 => {
                if !plan.case.form.is_client() {
                    // By then the server has sent the end.
                    plan.ended.notified().await;
                }
                return;
            }
            _ => {}
        }
    }
}
