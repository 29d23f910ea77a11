//! The chain of a case: the observers, a `CatchPanic`, and the interceptors that cause the case's
//! end.

use std::any::Any;

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload, RawMessage, RawPayload,
    interceptors::{CatchPanic, List, Observe, Trace, TraceAttempts},
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status};

use crate::{
    case::End,
    observers::{By, Recording, RunObserved},
    plan::{Plan, failure, raise},
    support::{HelloRequest, reply},
};

type Observers = (Observe<Recording>, RunObserved, Observe<Recording>);

type Innermost = (Retrying, TraceAttempts, Observe<Recording>, FirstFails, Answering);

impl Plan {
    /// The outer observers, which have names.
    pub(crate) fn observers(&self) -> Observers {
        let (first, second) = (self.observe(By::Observer), self.observe(By::SecondObserver));
        (first, RunObserved(self.clone()), second)
    }

    pub(crate) fn inside(&self) -> (Option<CatchPanic>, Failing, Innermost) {
        (self.catch(), self.failing(), self.innermost())
    }

    fn catch(&self) -> Option<CatchPanic> {
        self.case.end.is_caught().then(CatchPanic::new)
    }

    /// Follows the `CatchPanic` and can be part of a list.
    fn failing(&self) -> Failing {
        Failing(self.clone())
    }

    /// The innermost one, which knows the messages, encoded or not.
    pub(crate) fn innermost(&self) -> Innermost {
        let first_fails = FirstFails(self.clone());
        let (retrying, answering) = (Retrying(self.clone()), Answering(self.clone()));
        (retrying, Trace::attempts(), self.observe(By::Inside), first_fails, answering)
    }

    /// Everything that can be in a run-time list.
    pub(crate) fn list(&self) -> List {
        let mut list = List::new()
            .with(self.outermost())
            .with(self.observe(By::Observer))
            .with(RunObserved(self.clone()))
            .with(self.observe(By::SecondObserver));
        list.extend(self.catch());
        list.with(self.failing())
    }
}

/// Refuses the call or panics.
pub(crate) struct Failing(Plan);

impl<N: Next> Interceptor<N> for Failing {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match self.0.case.end {
            End::RefusedInside => return Err(failure()),
            End::InterceptorPanics(_) => raise(),
            _ => {}
        }
        let response = next.run(request).await?;
        // On a server, the handler's own stream panics.
        let panics =
            matches!(self.0.case.end, End::StreamPanics(_)) && self.0.case.form.is_client();
        Ok(match panics {
            true => response.map(|payload| payload.map_stream(panicking)),
            false => response,
        })
    }
}

fn panicking<M: Send + 'static>(messages: MessageStream<M>) -> MessageStream<M> {
    let panic = tokio_stream::once(()).map(|()| raise());
    MessageStream::new(messages.take(1).chain(panic))
}

/// Retries once if the server is unavailable, keeping the messages of a stream for that.
pub(crate) struct Retrying(Plan);

impl<N: Next> Interceptor<N> for Retrying {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if !self.0.is(End::RetriedInside) {
            return next.run(request).await;
        }
        let [request, again] = twice(request, next).await?;
        match next.run(request).await {
            Err(status) if status.code() == Code::Unavailable => next.run(again).await,
            outcome => outcome,
        }
    }
}

async fn twice<N: Next>(
    request: Request<N::Request>,
    next: N,
) -> Result<[Request<N::Request>; 2], Status> {
    if let Some(again) = next.clone_request(&request) {
        return Ok([request, again]);
    }
    let (metadata, extensions, payload) = request.into_parts();
    let payloads = payload_twice(payload).await;
    Ok(payloads.map(|payload| Request::from_parts(metadata.clone(), extensions.clone(), payload)))
}

async fn payload_twice<P: Send + 'static>(payload: P) -> [P; 2] {
    let payload: Box<dyn Any + Send> = Box::new(payload);
    match payload.downcast::<RawPayload>() {
        Ok(raw) => messages_twice(raw.into_messages(), RawPayload::from).await,
        Err(payload) => {
            let requests = payload.downcast::<MessageStream<HelloRequest>>();
            let requests = requests.expect("what can't be cloned is a stream");
            messages_twice(*requests, |requests| requests).await
        }
    }
}

async fn messages_twice<M, Q, P>(
    messages: MessageStream<M>,
    payload_of: impl Fn(MessageStream<M>) -> Q,
) -> [P; 2]
where
    M: Clone + Send + 'static,
    Q: 'static,
    P: 'static,
{
    let messages: Vec<_> = messages.collect().await;
    [(); 2].map(|()| {
        let stream = MessageStream::new(tokio_stream::iter(messages.clone()));
        converted(payload_of(stream)).expect("it is the type that there was")
    })
}

/// Converts a value to its actual type.
fn converted<T: 'static, U: 'static>(value: T) -> Option<U> {
    let value: Box<dyn Any> = Box::new(value);
    value.downcast().ok().map(|value| *value)
}

/// Fails the first attempt.
pub(crate) struct FirstFails(Plan);

impl<N: Next> Interceptor<N> for FirstFails {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if self.0.is(End::RetriedInside) && self.0.is_first_attempt() {
            return Err(Status::unavailable("the first attempt"));
        }
        next.run(request).await
    }
}

/// Answers as the handler would.
pub(crate) struct Answering(Plan);

impl<N: Next> Interceptor<N> for Answering {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if !self.0.is(End::AnsweredInside) {
            return next.run(request).await;
        }
        let replies = || tokio_stream::iter(["a", "b"].map(|name| Ok(reply(name))));
        let answer = converted(reply("a"))
            .or_else(|| converted(MessageStream::new(replies())))
            .or_else(|| converted(self.0.raw_answer()));
        Ok(Response::new(answer.expect("it is one reply or a stream of them, maybe encoded")))
    }
}

impl Plan {
    /// In a layer, which doesn't know that there is a single reply.
    fn raw_answer(&self) -> RawPayload {
        let encoded = |name| RawMessage::encode(&reply(name));
        match self.case.kind.is_server_streaming() {
            true => {
                let replies = ["a", "b"].map(|name| Ok(encoded(name)));
                MessageStream::new(tokio_stream::iter(replies)).into()
            }
            false => encoded("a").into(),
        }
    }
}
