use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tonic::{Request, Response, Status, body::Body, codegen::http, metadata::MetadataMap};

use super::{
    head::Head,
    inner_service::InnerService,
    next::{Attempt, RawOutcome},
    original::Original,
    request::leave,
    response::receive,
};
use crate::{
    Context, RawPayload, Side,
    call::{Timer, deadline_to_carry, or_deadline_exceeded, tell_time_remaining},
    chain::in_time,
    payload::Failure,
};

/// One call of the service inside of a layer. Each attempt goes to the service.
pub struct Call<S: InnerService> {
    pub(super) head: Head,
    limit: usize,
    service: Mutex<Ready<S>>,
    original: Mutex<Option<Original<S::Error>>>,
}

/// A service, and whether it is ready for a call.
struct Ready<S> {
    service: S,
    is_ready: bool,
}

impl<S: InnerService> Call<S> {
    /// Of a service that is ready.
    pub(super) fn new(head: Head, limit: usize, service: S) -> Self {
        let service = Mutex::new(Ready { service, is_ready: true });
        Call { head, limit, service, original: Mutex::new(None) }
    }

    pub(super) fn take_original(&self) -> Option<Original<S::Error>> {
        lock(&self.original).take()
    }

    /// The first attempt has the service that was made ready for it, each other one a clone.
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let response = match self.start(request) {
            Ok(response) => response.await,
            Err(request) => self.send_again(*request).await,
        };
        match response {
            Ok(response) => Ok(response.map(Body::new)),
            Err(error) => Err(self.keep(Original::of_error(error))),
        }
    }

    fn start(&self, request: http::Request<Body>) -> Result<S::Future, Box<http::Request<Body>>> {
        let mut ready = lock(&self.service);
        match mem::take(&mut ready.is_ready) {
            true => Ok(ready.service.call(request)),
            false => Err(Box::new(request)),
        }
    }

    async fn send_again(&self, request: http::Request<Body>) -> Result<S::Response, S::Error> {
        let mut clone = lock(&self.service).service.clone();
        poll_fn(|context| clone.poll_ready(context)).await?;
        clone.call(request).await
    }

    #[cold]
    fn keep(&self, original: Original<S::Error>) -> Status {
        let status = original.status.clone();
        *lock(&self.original) = Some(original);
        status
    }

    async fn run(
        &self,
        mut request: Request<RawPayload>,
        context: Context,
    ) -> Result<Response<RawPayload>, Status> {
        if !self.head.is_known {
            return Err(too_many_names());
        }
        let mut timer = None;
        let mut failure = None;
        match context.side() {
            Side::Client => {
                if let Some(remaining) = context.time_remaining() {
                    tell_time_remaining(&mut request, remaining)?;
                }
                timer = Timer::new(context.deadline());
                failure = Some(Failure::default());
            }
            Side::Server => {
                if let Some(carried) = deadline_to_carry(context, request.metadata()) {
                    request.extensions_mut().insert(carried);
                }
            }
        }
        let is_callers_own = request.get_ref().is_callers_own();
        let request = leave(request, &self.head, failure.as_ref());
        let response = in_time(&mut timer, pin!(self.send(request))).await;
        // What the request failed with comes first: the server knows no more than that it was given up.
        if let Some(status) = failure.as_ref().and_then(Failure::take) {
            return Err(status);
        }
        let response = response?;
        let framing = match receive(&response, &self.head, self.limit) {
            Ok(framing) => framing,
            Err(status) => {
                let status = self.keep(Original::of_response(*status, response));
                return Err(match timer {
                    Some(timer) => or_deadline_exceeded(status, timer.deadline()),
                    None => status,
                });
            }
        };
        let (parts, body) = response.into_parts();
        let payload = RawPayload::new(body, framing);
        let metadata = MetadataMap::from_headers(parts.headers);
        let response = Response::from_parts(metadata, payload, parts.extensions);
        // The request may fail while the response is read. If it is the caller's own, the response is left as it
        // is for that, and fails by itself.
        let response = match failure {
            Some(failure) if !is_callers_own => response.map(|payload| payload.or_failure(failure)),
            _ => response,
        };
        Ok(match timer {
            // The reading of a response is part of the call.
            Some(timer) => response.map(|payload| payload.in_time(timer.deadline())),
            None => response,
        })
    }
}

impl<S: InnerService> Attempt for Call<S> {
    fn run(
        &self,
        request: Request<RawPayload>,
        context: Context,
    ) -> Pin<Box<dyn Future<Output = RawOutcome> + Send + '_>> {
        Box::pin(self.run(request, context))
    }

    fn detached(&self) -> Arc<dyn Attempt> {
        let mut ready = lock(&self.service);
        // The service that is ready goes along: what it has reserved, it would keep from the other.
        let clone = ready.service.clone();
        let service = mem::replace(&mut ready.service, clone);
        let is_ready = mem::take(&mut ready.is_ready);
        let service = Mutex::new(Ready { service, is_ready });
        let (head, limit, original) = (self.head.clone(), self.limit, Mutex::new(None));
        Arc::new(Call { head, limit, service, original })
    }
}

#[cold]
fn too_many_names() -> Status {
    Status::resource_exhausted(
        "this process has met more names of RPCs than it can keep: tell the layer which RPCs there are",
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
