//! The interceptors of a case: one that panics, inside or outside `CatchPanic`.

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload, StreamEnd,
    interceptors::{CatchPanic, List, OnPanic},
};
use tonic::{Request, Response, Status};

use crate::{
    place::{Method, Of, Place, When},
    plan::Plan,
    planned::{POISONED, text_of},
    raising::Raising,
};

impl Plan {
    pub(crate) fn catch(&self) -> Option<CatchPanic<impl OnPanic + use<>>> {
        let told = self.told.clone();
        let report =
            move |payload: &(dyn Any + Send), _: &Context| told.add(text_of(payload).as_str());
        self.case.catching.then(|| CatchPanic::new().on_panic(report))
    }

    pub(crate) fn outside(&self) -> Option<Panicking> {
        self.place().is_outside().then(|| Panicking(self.clone()))
    }

    pub(crate) fn inside(&self) -> Option<Panicking> {
        (!self.place().is_outside()).then(|| Panicking(self.clone()))
    }

    /// The same as a run-time list.
    pub(crate) fn list(&self) -> List {
        let mut list = List::new();
        list.extend(self.outside());
        list.extend(self.catch());
        list.extend(self.inside());
        list
    }
}

/// Panics in the case's place if it is an interceptor's.
pub(crate) struct Panicking(Plan);

impl<N: Next> Interceptor<N> for Panicking {
    fn intercept(
        &self,
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let plan = self.0.of(request.metadata());
        plan.raise_at(Place::Called);
        async move {
            plan.raise_at(Place::BeforeNext);
            let (metadata, extensions, payload) = request.into_parts();
            let payload = plan.around_request(payload)?;
            let response = next.run(Request::from_parts(metadata, extensions, payload)).await?;
            plan.raise_at(Place::AfterNext);
            let (metadata, payload, extensions) = response.into_parts();
            let payload = plan.around_response(payload)?;
            Ok(Response::from_parts(metadata, payload, extensions))
        }
    }
}

impl Plan {
    fn around_request<M: Send + 'static, P: Payload<M>>(&self, payload: P) -> Result<P, Status> {
        match self.place() {
            Place::Closure(Of::Request | Of::RequestFromOutside, method) => {
                self.around(method, payload, self.case.kind.rpc().is_client_streaming())
            }
            _ => Ok(payload),
        }
    }

    fn around_response<M: Send + 'static, P: Payload<M>>(&self, payload: P) -> Result<P, Status> {
        match self.place() {
            Place::Closure(Of::Response, method) => {
                self.around(method, payload, self.case.kind.rpc().is_server_streaming())
            }
            // On a server this happens in the handler's own stream.
            Place::RepliesDropped(when) if self.case.form.is_client() => {
                let at = (when == When::AfterAPanic).then_some(2);
                let plan = self.clone();
                Ok(payload.map_stream(move |messages| {
                    MessageStream::new(Raising::new(messages, &plan, at, true))
                }))
            }
            _ => Ok(payload),
        }
    }

    /// Its closures panic at the only message, or at the second if there are more.
    fn around<M: Send + 'static, P: Payload<M>>(
        &self,
        method: Method,
        payload: P,
        has_more: bool,
    ) -> Result<P, Status> {
        let plan = self.clone();
        let at = if has_more { 2 } else { 1 };
        let mut second = Second { before: at - 1 };
        Ok(match method {
            Method::InspectMessages => payload.inspect_messages(move |_| {
                if second.is_now() {
                    plan.raise();
                }
            }),
            Method::MapMessages => payload.map_messages(move |message| match second.is_now() {
                true => plan.raise(),
                false => message,
            }),
            Method::TryMapMessages => {
                payload.try_map_messages(move |message| match second.is_now() {
                    true => plan.raise(),
                    false => Ok(message),
                })?
            }
            Method::MapErrors => refuse(second, payload)?.map_errors(move |_| plan.raise()),
            Method::MapStream => payload.map_stream(move |messages| {
                MessageStream::new(Raising::new(messages, &plan, Some(at), false))
            }),
            Method::OnEndAtTheEnd => payload.on_end(move |end| {
                if let StreamEnd::Complete { .. } = end {
                    plan.raise();
                }
            }),
            Method::OnEndAtAnError => refuse(second, payload)?.on_end(move |end| {
                if let StreamEnd::Failed(_) = end {
                    plan.raise();
                }
            }),
            Method::OnEndWhenDropped => payload.on_end(move |end| {
                if let StreamEnd::Cancelled = end {
                    plan.raise();
                }
            }),
            Method::WithALock => with_a_lock(plan, second, payload),
        })
    }
}

/// Detects the only message, or the second if there are more.
struct Second {
    before: usize,
}

impl Second {
    fn is_now(&mut self) -> bool {
        let is_now = self.before == 0;
        self.before = self.before.wrapping_sub(1);
        is_now
    }
}

fn refuse<M, P: Payload<M>>(mut second: Second, payload: P) -> Result<P, Status> {
    payload.try_map_messages(move |message| match second.is_now() {
        true => Err(Status::data_loss("the second message is refused")),
        false => Ok(message),
    })
}

fn with_a_lock<M, P: Payload<M>>(plan: Plan, mut second: Second, payload: P) -> P {
    let lock = Arc::new(Mutex::new(()));
    let (held, at_end) = (lock.clone(), plan.clone());
    payload
        .inspect_messages(move |_| {
            let _held = held.lock();
            if second.is_now() {
                plan.raise();
            }
        })
        // Does what `unwrap` does, with a recognizable payload.
        .on_end(move |_| drop(lock.lock().unwrap_or_else(|_| at_end.raise_with(POISONED))))
}
