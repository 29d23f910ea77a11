//! A typical tower layer that returns a boxed future.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tonic::{
    body::Body,
    codegen::{
        Service,
        http::{Request, Response},
    },
};

use super::http_step::HttpStep;

#[derive(Clone)]
pub struct Layered<S, W>(pub S, pub W);

impl<S, W> Service<Request<Body>> for Layered<S, W>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    W: HttpStep,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Follows tower's advice: use the instance that was polled, and leave a clone in its place.
        let clone = self.0.clone();
        let mut ready = std::mem::replace(&mut self.0, clone);
        let step = self.1.clone();
        Box::pin(async move {
            match step.before(&request) {
                Ok(kept) => {
                    let mut response = ready.call(request).await?;
                    step.after(kept, &mut response);
                    Ok(response)
                }
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}
