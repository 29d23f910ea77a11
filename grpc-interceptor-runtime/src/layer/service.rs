use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use http_body::Body as HttpBody;
use tonic::{
    body::Body,
    codegen::{Bytes, Service, StdError, http},
    server::NamedService,
};

use super::{
    call::Call,
    inner_service::InnerService,
    next::{LayerInterceptors, LayerNext, RawOutcome},
    options::Options,
    request::{Arrived, arrive},
    response::{respond, respond_with_status},
};
use crate::{RawMessage, Side, chain::Timed};

/// A service inside an [`InterceptorLayer`](crate::InterceptorLayer). Created by
/// [`layer`](tower_layer::Layer::layer).
///
/// It is a tower `Service` with the same request and response types as the inner service, using
/// tonic's [`Body`]. The inner service has to be `Clone`: each attempt of a call after the first
/// goes to a clone.
pub struct LayerService<S, I> {
    pub(super) service: S,
    pub(super) interceptors: Arc<I>,
    pub(super) options: Arc<Options>,
}

impl<S: Clone, I> Clone for LayerService<S, I> {
    fn clone(&self) -> Self {
        LayerService {
            service: self.service.clone(),
            interceptors: self.interceptors.clone(),
            options: self.options.clone(),
        }
    }
}

impl<S: NamedService, I> NamedService for LayerService<S, I> {
    const NAME: &'static str = S::NAME;
}

impl<S, I> fmt::Debug for LayerService<S, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LayerService").finish_non_exhaustive()
    }
}

impl<S, I, B> Service<http::Request<B>> for LayerService<S, I>
where
    S: InnerService,
    I: LayerInterceptors,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<StdError>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        // This one is ready; the clone may not be.
        let clone = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, clone);
        let (parts, body) = request.into_parts();
        match arrive(parts, Body::new(body), &self.options) {
            Arrived::Call { head, uri, context, request } => {
                let call = Call::new(head, uri, self.options.limit, service);
                let interceptors = self.interceptors.clone();
                Box::pin(async move {
                    let deadline = match context.side() {
                        Side::Client => context.deadline(),
                        // On a server, tonic enforces the deadline.
                        Side::Server => None,
                    };
                    let outcome = Timed::<_, RawMessage>::new(deadline, || {
                        interceptors.intercept(request, context, LayerNext::new(&call, context))
                    })
                    .await;
                    finish(outcome, &call)
                })
            }
            Arrived::Other(request) => {
                let response = service.call(request);
                Box::pin(async { Ok(response.await?.map(Body::new)) })
            }
        }
    }
}

fn finish<S: InnerService>(
    outcome: RawOutcome,
    call: &Call<S>,
) -> Result<http::Response<Body>, S::Error> {
    let status = match outcome {
        Ok(response) => return Ok(respond(response, &call.head)),
        Err(status) => status,
    };
    let status = match call.take_original() {
        Some(original) => match original.of_status(status) {
            Ok(original) => return original,
            Err(status) => status,
        },
        None => status,
    };
    Ok(respond_with_status(status, &call.head))
}
