//! tonic-async-interceptor.

use std::{future::Future, pin::Pin};

use tonic::{Request, Status};
use tonic_async_interceptor::{AsyncInterceptedService, AsyncInterceptor};

/// Its future has to be a nameable type, so people box it.
#[derive(Clone)]
pub struct Pass;

impl AsyncInterceptor for Pass {
    type Future = Pin<Box<dyn Future<Output = Result<Request<()>, Status>> + Send>>;

    fn call(&mut self, request: Request<()>) -> Self::Future {
        Box::pin(async move { Ok(request) })
    }
}

pub fn around<S>(service: S) -> AsyncInterceptedService<S, Pass> {
    AsyncInterceptedService::new(service, Pass)
}
