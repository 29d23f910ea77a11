use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tonic::{
    Status,
    codegen::{Service, StdError},
    server::NamedService,
};
use tower_layer::Layer;

use super::{interceptor_layer::InterceptorLayer, service::LayerService};

impl<I> InterceptorLayer<I> {
    /// Adapts the layer for a service that fails with a `Box<dyn Error>`.
    ///
    /// Examples are a channel in tower's `Buffer` or `Timeout`. The errors are converted to
    /// statuses the way tonic's clients do it. Call this last.
    pub fn boxed_errors(self) -> BoxedErrors<I> {
        BoxedErrors { layer: self }
    }
}

/// An [`InterceptorLayer`] for services that fail with a `Box<dyn Error>`. Created by
/// [`InterceptorLayer::boxed_errors`].
pub struct BoxedErrors<I> {
    layer: InterceptorLayer<I>,
}

impl<I> Clone for BoxedErrors<I> {
    fn clone(&self) -> Self {
        BoxedErrors { layer: self.layer.clone() }
    }
}

impl<I> fmt::Debug for BoxedErrors<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BoxedErrors").finish_non_exhaustive()
    }
}

impl<S, I> Layer<S> for BoxedErrors<I> {
    type Service = LayerService<StatusErrors<S>, I>;

    fn layer(&self, service: S) -> Self::Service {
        self.layer.layer(StatusErrors { service })
    }
}

/// A service whose errors are converted to statuses the way tonic's clients do it.
#[derive(Clone, Debug)]
pub struct StatusErrors<S> {
    service: S,
}

impl<S: NamedService> NamedService for StatusErrors<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, R> Service<R> for StatusErrors<S>
where
    S: Service<R, Error: Into<StdError>>,
{
    type Response = S::Response;
    type Error = Status;
    type Future = StatusError<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.service.poll_ready(context).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        StatusError { future: self.service.call(request) }
    }
}

pin_project! {
    /// The future of [`StatusErrors`].
    #[derive(Debug)]
    pub struct StatusError<F> {
        #[pin]
        future: F,
    }
}

impl<F, T, E> Future for StatusError<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<StdError>,
{
    type Output = Result<T, Status>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.project().future.poll(context);
        polled.map_err(|error| Status::from_error(error.into()))
    }
}
