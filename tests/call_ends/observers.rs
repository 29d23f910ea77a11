//! The observers of a case's call, in every available form.

use std::{any::Any, fmt::Debug};

use grpc_interceptor::{
    CallEnd, Context, EndCause, Interceptor, Next, ObservedCall, Observer, Outcome, RawMessage,
    interceptors::{
        AccessLog, AnyMessage, Metrics, Observe, OnCallEnd, Rpcz, Trace, observe, on_call_end,
    },
};
use tonic::{Code, Request, metadata::MetadataMap};
use tracing::Level;

use crate::{
    plan::{Plan, TAIL},
    support::{HelloRequest, tell},
};

/// Which observer reported something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum By {
    Observer,
    SecondObserver,
    OnCallEnd,
    RunObserved,
    /// An observer inside the retry.
    Inside,
}

/// The ones that see the whole call.
pub(crate) const OUTSIDE: [By; 4] =
    [By::Observer, By::SecondObserver, By::OnCallEnd, By::RunObserved];

impl By {
    /// Returns whether it is notified of more than the end.
    pub(crate) fn is_observer(self) -> bool {
        matches!(self, By::Observer | By::SecondObserver | By::Inside)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) by: By,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Start {
        /// Whether the caller's metadata was present.
        marked: bool,
    },
    /// As its `Debug` text, like the response.
    Request(String),
    Response(String),
    End(Told),
}

impl Event {
    pub(crate) fn is_outer_end(&self) -> bool {
        self.by != By::Inside && matches!(self.what, What::End(_))
    }
}

/// What was reported about an end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) code: Code,
    pub(crate) cause: EndCause,
    /// The status message.
    pub(crate) status: Option<String>,
    pub(crate) tail: Option<String>,
    pub(crate) requests: u64,
    pub(crate) responses: u64,
}

impl Told {
    pub(crate) fn of(end: &CallEnd<'_>) -> Self {
        let tail = end.trailers().and_then(|trailers| trailers.get(TAIL));
        Told {
            code: end.code(),
            cause: end.cause(),
            status: end.status().map(|status| status.message().to_owned()),
            tail: tail.map(|tail| tail.to_str().expect("it is ASCII").to_owned()),
            requests: end.request_messages(),
            responses: end.response_messages(),
        }
    }
}

/// Present in the caller's metadata.
pub(crate) const MARK: &str = "mark";

/// The ready-made observers, with metrics in each vocabulary.
type ReadyMade = (Trace, Trace, AccessLog, (Metrics, Metrics, Metrics), Rpcz);

impl Plan {
    pub(crate) fn observe(&self, by: By) -> Observe<Recording> {
        observe(Recording { plan: self.clone(), by })
    }

    /// The ready-made observers, which are judged by their output, and one that calls a closure.
    pub(crate) fn outermost(
        &self,
    ) -> (
        ReadyMade,
        OnCallEnd<impl Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static + use<>>,
    ) {
        let plan = self.clone();
        let log = AccessLog::new().on_start(Level::TRACE).metadata([MARK]);
        let metrics = (
            self.counted.metrics.clone(),
            self.measured.opentelemetry.clone(),
            self.measured.grpc.clone(),
        );
        (
            (
                self.traced.in_tracing.clone(),
                self.traced.trace.clone(),
                log,
                metrics,
                self.rpcz.clone(),
            ),
            on_call_end(move |_, end| plan.tell(By::OnCallEnd, What::End(Told::of(end)))),
        )
    }

    fn tell(&self, by: By, what: What) {
        tell(&self.events, Event { by, what });
    }
}

/// Records every notification.
#[derive(Clone)]
pub(crate) struct Recording {
    plan: Plan,
    by: By,
}

impl<Q: Debug + 'static, P: Debug + 'static> Observer<Q, P> for Recording {
    type Call = Recording;

    fn start(&self, _: &Context, metadata: &MetadataMap) -> Recording {
        self.plan.in_flight.up();
        self.plan.tell(self.by, What::Start { marked: metadata.contains_key(MARK) });
        self.clone()
    }
}

impl<Q: Debug + 'static, P: Debug + 'static> ObservedCall<Q, P> for Recording {
    fn request_message(&self, message: &Q) {
        self.plan.tell(self.by, What::Request(text(message)));
    }

    fn response_message(&self, message: &P) {
        self.plan.tell(self.by, What::Response(text(message)));
    }

    fn end(&self, end: &CallEnd<'_>) {
        self.plan.in_flight.down();
        self.plan.tell(self.by, What::End(Told::of(end)));
        self.plan.ended.notify_one();
    }
}

/// In a layer it is encoded: all messages have a name in the same place.
fn text<M: Debug + 'static>(message: &M) -> String {
    let any: &dyn Any = message;
    let in_list = any.downcast_ref().and_then(|any: &AnyMessage| any.downcast_ref());
    match any.downcast_ref().or(in_list).map(RawMessage::decode::<HelloRequest>) {
        Some(Ok(decoded)) => format!("{decoded:?}"),
        Some(Err(status)) => format!("no message: {status}"),
        None => format!("{message:?}"),
    }
}

/// Observes in a separate async fn.
pub(crate) struct RunObserved(pub(crate) Plan);

impl<N: Next> Interceptor<N> for RunObserved {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let plan = self.0.clone();
        let on_end = move |end: &CallEnd<'_>| plan.tell(By::RunObserved, What::End(Told::of(end)));
        next.on_call_end(on_end).run(request).await
    }
}
