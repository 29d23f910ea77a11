//! A retry for any RPC, and the interceptors around it and inside it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind};
use tokio::sync::mpsc::UnboundedSender;
use tonic::{Code, Request, Status};

use crate::support::{tell, values};

/// Makes up to three attempts while the status is `UNAVAILABLE`. Requests that can't be sent again
/// are sent once.
#[derive(Clone)]
pub(crate) struct Retry;

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        for _ in 1..3 {
            let Some(again) = next.clone_request(&request) else { break };
            match next.run(request).await {
                Err(status) if status.code() == Code::Unavailable => request = again,
                outcome => return outcome,
            }
        }
        next.run(request).await
    }
}

/// An extension that an interceptor leaves for inner ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tag(pub(crate) u32);

/// Adds a token, a second value for it, a timeout and an extension to the request.
#[derive(Clone)]
pub(crate) struct Mark;

impl<N: Next> Interceptor<N> for Mark {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        for token in ["token 1", "token 2"] {
            let token = token.parse().expect("it is ASCII");
            request.metadata_mut().append("authorization", token);
        }
        request.set_timeout(Duration::from_secs(3600));
        request.extensions_mut().insert(Tag(7));
        next.run(request).await
    }
}

/// The contents of a request at one attempt.
#[derive(Debug, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) kind: RpcKind,
    pub(crate) tokens: Vec<String>,
    pub(crate) has_timeout: bool,
    pub(crate) tag: Option<Tag>,
}

impl Attempt {
    /// What [`Mark`] leaves on a request.
    pub(crate) fn marked(kind: RpcKind, tag: Option<Tag>) -> Self {
        let tokens = ["token 1", "token 2"].map(str::to_owned).to_vec();
        Attempt { kind, tokens, has_timeout: true, tag }
    }
}

/// Reports each attempt, and fails the first ones of each kind of RPC.
#[derive(Clone)]
pub(crate) struct Watch {
    attempts: UnboundedSender<Attempt>,
    failures: usize,
    failed: Arc<Mutex<HashMap<RpcKind, usize>>>,
}

impl Watch {
    pub(crate) fn new(attempts: UnboundedSender<Attempt>, failures: usize) -> Self {
        Watch { attempts, failures, failed: Arc::default() }
    }

    pub(crate) fn see<T>(&self, kind: RpcKind, request: &Request<T>) -> Result<(), Status> {
        let tokens = values(request.metadata(), "authorization");
        let attempt = Attempt {
            kind,
            tokens: tokens.into_iter().map(str::to_owned).collect(),
            has_timeout: request.metadata().contains_key("grpc-timeout"),
            tag: request.extensions().get().copied(),
        };
        tell(&self.attempts, attempt);
        let mut failed = self.failed.lock().expect("it isn't poisoned");
        let failed = failed.entry(kind).or_default();
        if *failed == self.failures {
            return Ok(());
        }
        *failed += 1;
        Err(Status::unavailable("not yet"))
    }
}

impl<N: Next> Interceptor<N> for Watch {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        self.see(context.kind(), &request)?;
        next.run(request).await
    }
}

/// Reports for each call whether its request can be copied.
#[derive(Clone)]
pub(crate) struct Ask(pub(crate) UnboundedSender<(RpcKind, bool)>);

impl<N: Next> Interceptor<N> for Ask {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        tell(&self.0, (context.kind(), next.clone_request(&request).is_some()));
        next.run(request).await
    }
}
