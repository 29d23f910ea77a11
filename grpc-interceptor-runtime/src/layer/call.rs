use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::http::{self, Uri},
    metadata::MetadataMap,
};

use super::{
    head::Head,
    inner_service::InnerService,
    next::{Attempt, RawOutcome},
    original::Original,
    request::{leave, prepare},
    response::receive,
};
use crate::{
    Context, RawPayload, Side,
    call::{Timer, or_deadline_exceeded},
    chain::in_time,
    payload::Failure,
};

/// A call to the service inside a layer. Each attempt goes to the service.
pub struct Call<S: InnerService> {
    pub(super) head: Head,
    limit: usize,
    service: Mutex<Ready<S>>,
    original: Mutex<Option<Original<S::Error>>>,
}

/// A service, which is ready for a call as long as the URI is present. The first attempt takes the
/// URI.
struct Ready<S> {
    service: S,
    uri: Option<Uri>,
}

/// A started attempt.
struct Started<F> {
    /// For an attempt after the first, the request still has to be sent.
    response: Result<F, Box<http::Request<Body>>>,
    /// On a client, the error of the request while it is being read.
    failure: Option<Failure>,
    /// Whether the request runs no interceptor code.
    is_callers_own: bool,
}

impl<S: InnerService> Call<S> {
    /// Creates a call to a service that is ready.
    pub(super) fn new(head: Head, uri: Uri, limit: usize, service: S) -> Self {
        let service = Mutex::new(Ready { service, uri: Some(uri) });
        Call { head, limit, service, original: Mutex::new(None) }
    }

    pub(super) fn take_original(&self) -> Option<Original<S::Error>> {
        lock(&self.original).take()
    }

    /// The first attempt uses the service that was made ready for it, and each later one uses a
    /// clone. Not async: the future would keep the request, and the allocator takes three times as
    /// long for a box of more than 1 KiB.
    fn start(
        &self,
        mut request: Request<RawPayload>,
        context: Context,
    ) -> Result<Started<S::Future>, Status> {
        let failure = prepare(&mut request, context, &self.head)?;
        let is_callers_own = request.get_ref().is_callers_own();
        let mut ready = lock(&self.service);
        let uri = ready.uri.take();
        let is_first = uri.is_some();
        let uri = uri.unwrap_or_else(|| self.head.target.uri());
        let request = leave(request, uri, &self.head, failure.as_ref());
        let response = match is_first {
            true => Ok(ready.service.call(request)),
            false => Err(Box::new(request)),
        };
        Ok(Started { response, failure, is_callers_own })
    }

    async fn response(
        &self,
        started: Result<S::Future, Box<http::Request<Body>>>,
    ) -> Result<S::Response, Status> {
        let response = match started {
            Ok(first) => first.await,
            // Boxed, because there is seldom more than one attempt.
            Err(request) => Box::pin(self.start_again(request)).await,
        };
        response.map_err(|error| self.keep(Original::of_error(error)))
    }

    async fn start_again(
        &self,
        request: Box<http::Request<Body>>,
    ) -> Result<S::Response, S::Error> {
        let mut clone = lock(&self.service).service.clone();
        poll_fn(|context| clone.poll_ready(context)).await?;
        clone.call(*request).await
    }

    #[cold]
    fn keep(&self, original: Original<S::Error>) -> Status {
        let status = original.status.clone();
        *lock(&self.original) = Some(original);
        status
    }

    async fn run(
        &self,
        request: Request<RawPayload>,
        context: Context,
    ) -> Result<Response<RawPayload>, Status> {
        let Started { response, failure, is_callers_own } = self.start(request, context)?;
        let mut timer = match context.side() {
            Side::Client => Timer::new(context.deadline()),
            Side::Server => None,
        };
        let response = in_time(&mut timer, pin!(self.response(response))).await;
        // A failure of the request takes precedence: the server knows only that it was cancelled.
        if let Some(status) = failure.as_ref().and_then(Failure::take) {
            return Err(status);
        }
        let response = response?.map(Body::new);
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
        let mut payload = RawPayload::new(body, framing);
        // The request may fail while the response is being read. If it is the caller's own, the
        // response is left unchanged and fails by itself.
        if let Some(failure) = failure
            && !is_callers_own
        {
            payload = payload.or_failure(failure);
        }
        // Reading the response is part of the call.
        if let Some(timer) = timer {
            payload = payload.in_time(timer.deadline());
        }
        let metadata = MetadataMap::from_headers(parts.headers);
        Ok(Response::from_parts(metadata, payload, parts.extensions))
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
        // Move the service that is ready, since it would otherwise hold on to a permit that the
        // other one needs.
        let clone = ready.service.clone();
        let service = mem::replace(&mut ready.service, clone);
        let uri = ready.uri.take();
        let service = Mutex::new(Ready { service, uri });
        let (head, limit, original) = (self.head.clone(), self.limit, Mutex::new(None));
        Arc::new(Call { head, limit, service, original })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
