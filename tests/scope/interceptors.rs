//! Interceptors outside the scope, the one that creates it, and those inside.

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload as _, Scope};
use tonic::Request;

use crate::probe::{Probe, scope};

/// Runs the rest of the call in a scope with this name.
#[derive(Clone)]
pub(crate) struct InScope(pub(crate) &'static str);

impl<N: Next> Interceptor<N> for InScope {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.in_scope(scope(self.0)).run(request).await
    }
}

/// The same with any scope.
#[derive(Clone)]
pub(crate) struct In<S>(pub(crate) S);

impl<N: Next, S: Scope + Sync> Interceptor<N> for In<S> {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.in_scope(self.0.clone()).run(request).await
    }
}

/// Records where its own future and the response stream run.
#[derive(Clone)]
pub(crate) struct Noting {
    pub(crate) probe: Probe,
    pub(crate) future: &'static str,
    pub(crate) response: &'static str,
}

impl Noting {
    pub(crate) fn new(probe: &Probe) -> Self {
        Noting { probe: probe.clone(), future: "future", response: "response" }
    }
}

impl<N: Next> Interceptor<N> for Noting {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = self.probe.around(self.future, next.run(request)).await?;
        Ok(response.map(|payload| {
            payload.map_stream(|messages| {
                MessageStream::new(self.probe.around(self.response, messages))
            })
        }))
    }
}

/// Records where the request stream runs.
#[derive(Clone)]
pub(crate) struct NotingRequest(pub(crate) Probe);

impl<N: Next> Interceptor<N> for NotingRequest {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| {
            payload.map_stream(|messages| {
                MessageStream::new(self.0.around("wrapped request", messages))
            })
        });
        next.run(request).await
    }
}
