//! One case: a call, and what was reported about it.

use std::{fmt, time::Duration};

use grpc_interceptor::RpcKind;
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet, time::timeout};

use crate::{
    caller,
    judge::judge,
    logged::judge_log,
    observers::{Event, OUTSIDE},
    plan::Plan,
    right::right,
    rpcz::judge_page,
    server,
    support::{self, KINDS},
};

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Complete,
    /// An interceptor answers, without the rest of the chain.
    AnsweredInside,
    /// The first attempt of an interceptor fails, the second one succeeds.
    RetriedInside,
    /// Immediately.
    HandlerFails,
    /// After its first message.
    StreamFails,
    RefusedInside,
    DroppedBeforeTheResponse,
    /// After the first message.
    DroppedInTheStream,
    /// After the last message, before the client has polled the end.
    DroppedBehindTheLast,
    /// The client disconnects while the handler waits for its second request.
    RequestsCut,
    LateBeforeTheResponse,
    LateInTheStream,
    /// The handler waits for its second request.
    LateWhileReadingRequests,
    HandlerPanics(Catch),
    InterceptorPanics(Catch),
    /// After its first message.
    StreamPanics(Catch),
}

/// Whether there is a `CatchPanic` inside the observers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Catch {
    Inside,
    Nowhere,
}

/// How the interceptors are attached to the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Attribute,
    Creation,
    ListAtCreation,
    Client,
    ListOfClient,
    /// Around the whole server.
    Layer,
    ListInLayer,
    /// Around a client's channel.
    LayerOfClient,
    ListInLayerOfClient,
    /// As the attribute, with the example's access log outermost.
    Example,
}

const FORMS: [Form; 9] = [
    Form::Attribute,
    Form::Creation,
    Form::ListAtCreation,
    Form::Client,
    Form::ListOfClient,
    Form::Layer,
    Form::ListInLayer,
    Form::LayerOfClient,
    Form::ListInLayerOfClient,
];

impl Form {
    pub(crate) fn is_client(self) -> bool {
        matches!(
            self,
            Form::Client | Form::ListOfClient | Form::LayerOfClient | Form::ListInLayerOfClient
        )
    }

    pub(crate) fn is_layer(self) -> bool {
        matches!(
            self,
            Form::Layer | Form::ListInLayer | Form::LayerOfClient | Form::ListInLayerOfClient
        )
    }
}

impl End {
    /// Returns whether a call of this kind and form can end like this.
    fn fits(self, kind: RpcKind, form: Form) -> bool {
        match self {
            End::StreamFails
            | End::DroppedInTheStream
            | End::DroppedBehindTheLast
            | End::LateInTheStream
            | End::StreamPanics(_) => kind.is_server_streaming(),
            End::RequestsCut => kind.is_client_streaming(),
            // On a server, a handler with a single response either learns that the requests have
            // ended, as described in `right.rs`, or is dropped by tonic's own timer. Either can
            // happen first. To a layer both look the same.
            End::LateWhileReadingRequests => {
                let is_known = kind.is_server_streaming() || form.is_client() || form.is_layer();
                kind.is_client_streaming() && is_known
            }
            // To a client this is just another failing server.
            End::HandlerPanics(_) => !form.is_client(),
            _ => true,
        }
    }

    pub(crate) fn is_late(self) -> bool {
        matches!(
            self,
            End::LateBeforeTheResponse | End::LateInTheStream | End::LateWhileReadingRequests
        )
    }

    /// Returns whether the caller waits for a response that never comes.
    pub(crate) fn is_before_the_response(self) -> bool {
        matches!(
            self,
            End::DroppedBeforeTheResponse
                | End::RequestsCut
                | End::LateBeforeTheResponse
                | End::LateWhileReadingRequests
        )
    }

    /// Returns whether the response stream never ends after its first message.
    pub(crate) fn is_in_the_stream(self) -> bool {
        matches!(self, End::DroppedInTheStream | End::LateInTheStream)
    }

    pub(crate) fn is_caught(self) -> bool {
        let (End::HandlerPanics(catch) | End::InterceptorPanics(catch) | End::StreamPanics(catch)) =
            self
        else {
            return false;
        };
        catch == Catch::Inside
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) end: End,
    pub(crate) kind: RpcKind,
    pub(crate) form: Form,
}

/// Returns all cases with these ends.
pub(crate) fn cases(ends: impl IntoIterator<Item = End>) -> Vec<Case> {
    cases_of(ends, FORMS)
}

/// Returns all cases with these ends in these forms.
pub(crate) fn cases_of<const N: usize>(
    ends: impl IntoIterator<Item = End>,
    forms: [Form; N],
) -> Vec<Case> {
    let mut cases = Vec::new();
    for end in ends {
        for (kind, form) in KINDS.into_iter().flat_map(|kind| forms.map(|form| (kind, form))) {
            if end.fits(kind, form) {
                cases.push(Case { end, kind, form });
            }
        }
    }
    cases
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { end, kind, form } = self;
        write!(formatter, "{end:?}, {kind:?}, {form:?}")
    }
}

/// How long a call and the report of its end can take. Longer than the deadline of a late call.
const SOON: Duration = Duration::from_secs(5);

impl Case {
    /// Runs the case, and returns the differences from the expected result.
    async fn run(self, plan: Plan, mut receiver: UnboundedReceiver<Event>) -> Vec<String> {
        let client = server::start(&plan).await;
        let call = caller::start(&client, &plan);
        let abort = call.abort_handle();
        let mut differences = Vec::new();
        if timeout(SOON, call).await.is_err() {
            abort.abort();
            differences.push("the call hangs".to_owned());
        }
        // The connection is still open, so only the end of the call itself can cause the report.
        let mut events = until_the_ends(&mut receiver).await;
        let in_flight = plan.in_flight.clone();
        let (id, counted, rpcz) = (plan.id.clone(), plan.counted.clone(), plan.rpcz.clone());
        let (measured, traced) = (plan.measured.clone(), plan.traced.clone());
        drop((client, plan));
        // Now everything that could report something is dropped.
        let too_late = support::all(receiver).await;
        if too_late.iter().any(Event::is_outer_end) {
            differences.push("an end was reported again, or only with the connection's".to_owned());
        }
        events.extend(too_late);
        differences.extend(judge(&events, &right(&self)));
        differences.extend(judge_log(&self, &id));
        differences.extend(counted.judge(&self));
        // This waits for a thread, so that the clocks of other cases keep running.
        let measured = tokio::task::spawn_blocking(move || measured.judge(&self));
        differences.extend(measured.await.expect("it doesn't panic"));
        differences.extend(traced.judge(&self, &id));
        differences.extend(judge_page(&self, &rpcz).await);
        if in_flight.get() != 0 {
            differences.push(format!("{} calls are in flight after all", in_flight.get()));
        }
        differences.into_iter().map(|difference| format!("{self}: {difference}")).collect()
    }
}

/// Collects events until each outer observer has reported an end, or has had time to.
async fn until_the_ends(receiver: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let ends = |events: &[Event]| events.iter().filter(|event| event.is_outer_end()).count();
    while ends(&events) < OUTSIDE.len()
        && let Ok(Some(event)) = timeout(SOON, receiver.recv()).await
    {
        events.push(event);
    }
    events
}

/// Runs cases concurrently, because some take a while. Fails with all differences.
pub(crate) async fn run(cases: Vec<Case>) {
    let mut differences = Vec::new();
    for cases in cases.chunks(20) {
        // Everything slow is set up before the first clock runs.
        let prepared: Vec<_> = cases
            .iter()
            .map(|case| {
                let (events, receiver) = support::events();
                (*case, Plan::new(*case, events), receiver)
            })
            .collect();
        let run = |(case, plan, receiver): (Case, _, _)| case.run(plan, receiver);
        let running: JoinSet<_> = prepared.into_iter().map(run).collect();
        differences.extend(running.join_all().await.into_iter().flatten());
    }
    differences.sort();
    assert!(
        differences.is_empty(),
        "{} differences in {} cases:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}
