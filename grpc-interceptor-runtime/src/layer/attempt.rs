use std::{
    future::poll_fn,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http_body::Body as HttpBody;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Bytes, Service, StdError, http},
};

use super::{
    head::Head,
    next::{Attempt, BoxFuture},
    original::{Original, ServiceError},
    request::leave,
    response::{is_failed, receive},
};
use crate::{
    Context, RawPayload, Side,
    call::{Timer, deadline_to_carry, or_deadline_exceeded, tell_time_remaining},
    chain::in_time,
    payload::Failure,
};

/// One call of the service inside of a layer. Each attempt goes to the service.
pub(super) struct Call<S, E> {
    pub(super) head: Head,
    pub(super) limit: usize,
    service: Mutex<Ready<S>>,
    original: Mutex<Option<Original<E>>>,
}

/// A service, and whether it is ready for a call.
struct Ready<S> {
    service: S,
    is_ready: bool,
}

impl<S, E> Call<S, E> {
    /// Of a service that is ready.
    pub(super) fn new(head: Head, limit: usize, service: S) -> Self {
        let service = Mutex::new(Ready { service, is_ready: true });
        Call { head, limit, service, original: Mutex::new(None) }
    }

    pub(super) fn take_original(&self) -> Option<Original<E>> {
        lock(&self.original).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S, E, R> Call<S, E>
where
    S: Service<http::Request<Body>, Response = http::Response<R>, Error = E> + Clone + Send,
    S::Future: Send,
    E: ServiceError,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<StdError>,
{
    /// The first attempt has the service that was made ready for it, each other one a clone.
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        match self.response(request).await {
            Ok(response) => Ok(response.map(Body::new)),
            Err(error) => Err(self.keep(Original::of_error(error))),
        }
    }

    async fn response(&self, request: http::Request<Body>) -> Result<http::Response<R>, E> {
        let mut clone = (!self.is_first()).then(|| lock(&self.service).service.clone());
        let response = match &mut clone {
            Some(clone) => {
                poll_fn(|context| clone.poll_ready(context)).await?;
                clone.call(request)
            }
            None => lock(&self.service).service.call(request),
        };
        response.await
    }

    fn is_first(&self) -> bool {
        std::mem::take(&mut lock(&self.service).is_ready)
    }

    #[cold]
    fn keep(&self, original: Original<E>) -> Status {
        let status = original.status.clone();
        *lock(&self.original) = Some(original);
        status
    }

    async fn run(
        &self,
        mut request: Request<RawPayload>,
        context: Context,
    ) -> Result<Response<RawPayload>, Status> {
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
        let is_untouched = request.get_ref().is_untouched();
        let request = leave(request, &self.head, failure.as_ref());
        let response = in_time(&mut timer, pin!(self.send(request))).await;
        // What the request failed with comes first: the server knows no more than that it was given up.
        if let Some(status) = failure.as_ref().and_then(Failure::take) {
            return Err(status);
        }
        let response = response?;
        if let Some(status) = is_failed(&response) {
            let status = self.keep(Original::of_response(status, response));
            return Err(match timer {
                Some(timer) => or_deadline_exceeded(status, timer.deadline()),
                None => status,
            });
        }
        let response = receive(response, self.head.web, self.limit);
        // The request may fail while the response is read. If it is the caller's own, the response is left as it
        // is for that, and fails by itself.
        let response = match failure {
            Some(failure) if !is_untouched => response.map(|payload| payload.or_failure(failure)),
            _ => response,
        };
        Ok(match timer {
            // The reading of a response is part of the call.
            Some(timer) => response.map(|payload| payload.in_time(timer.deadline())),
            None => response,
        })
    }
}

impl<S, E, R> Attempt for Call<S, E>
where
    S: Service<http::Request<Body>, Response = http::Response<R>, Error = E> + Clone + Send,
    S::Future: Send,
    E: ServiceError,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<StdError>,
{
    fn run(&self, request: Request<RawPayload>, context: Context) -> BoxFuture<'_> {
        Box::pin(self.run(request, context))
    }
}
