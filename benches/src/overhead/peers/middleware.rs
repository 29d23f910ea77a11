//! tonic-middleware: `InterceptorFor` before the call, `MiddlewareFor` around it.

use std::convert::Infallible;

use tonic::{
    Status,
    body::Body,
    codegen::{
        Service,
        http::{Request, Response},
    },
};
use tonic_middleware::{Middleware, RequestInterceptor, ServiceBound};

use super::http_step::HttpStep;

#[derive(Clone)]
pub struct Pass;

#[tonic::async_trait]
impl RequestInterceptor for Pass {
    async fn intercept(&self, request: Request<Body>) -> Result<Request<Body>, Status> {
        Ok(request)
    }
}

#[derive(Clone)]
pub struct Around<W>(pub W);

#[tonic::async_trait]
impl<S, W> Middleware<S> for Around<W>
where
    S: ServiceBound + Service<Request<Body>, Error = Infallible, Future: Send>,
    W: HttpStep,
{
    async fn call(
        &self,
        request: Request<Body>,
        mut service: S,
    ) -> Result<Response<Body>, Infallible> {
        match self.0.before(&request) {
            Ok(kept) => {
                let mut response = service.call(request).await?;
                self.0.after(kept, &mut response);
                Ok(response)
            }
            Err(status) => Ok(status.into_http()),
        }
    }
}
