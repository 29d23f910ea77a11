//! The interceptors that the chains here consist of. Each supports any RPC on either side.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Status};

use crate::support::values;

/// A deadline this far in the future.
pub(crate) fn within(duration: Duration) -> std::time::Instant {
    (Instant::now() + duration).into_std()
}

/// Sets a timeout on the request.
#[derive(Clone, Copy)]
pub(crate) struct SetTimeout(pub(crate) Duration);

impl<N: Next> Interceptor<N> for SetTimeout {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.set_timeout(self.0);
        next.run(request).await
    }
}

/// Passes the rest of the chain a context with a deadline.
#[derive(Clone, Copy)]
pub(crate) struct WithDeadline(pub(crate) Duration);

impl<N: Next> Interceptor<N> for WithDeadline {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        next.with_context(context.with_deadline(within(self.0))).run(request).await
    }
}

/// The same, and enforces it.
#[derive(Clone, Copy)]
pub(crate) struct InTime(pub(crate) Duration);

impl<N: Next> Interceptor<N> for InTime {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        next.with_context(context.with_deadline(within(self.0))).run_in_time(request).await
    }
}

/// Takes a while before the call.
#[derive(Clone, Copy)]
pub(crate) struct Sleep(pub(crate) Duration);

impl<N: Next> Interceptor<N> for Sleep {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        sleep(self.0).await;
        next.run(request).await
    }
}

/// Makes this many attempts in total, no matter what the call fails with, with pauses in between.
/// Requests that can't be sent again are sent once.
#[derive(Clone, Copy)]
pub(crate) struct Retry {
    pub(crate) attempts: usize,
    pub(crate) wait: Duration,
}

impl Retry {
    pub(crate) fn new(attempts: usize) -> Self {
        Retry { attempts, wait: Duration::ZERO }
    }
}

impl<N: Next> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        for _ in 1..self.attempts {
            let Some(copy) = next.clone_request(&request) else { break };
            let outcome = next.run(copy).await;
            if outcome.is_ok() {
                return outcome;
            }
            sleep(self.wait).await;
        }
        next.run(request).await
    }
}

/// What an interceptor sees of the time that a call has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sight {
    pub(crate) context: Option<Duration>,
    pub(crate) next: Option<Duration>,
    /// As in the metadata.
    pub(crate) timeout: Option<String>,
}

/// Records what it sees, and how the call ends.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    sights: Arc<Mutex<Vec<Sight>>>,
    codes: Arc<Mutex<Vec<Code>>>,
}

impl Seen {
    pub(crate) fn take(&self) -> Vec<Sight> {
        std::mem::take(&mut self.sights.lock().expect("it isn't poisoned"))
    }

    pub(crate) fn take_codes(&self) -> Vec<Code> {
        std::mem::take(&mut self.codes.lock().expect("it isn't poisoned"))
    }

    /// Takes the remaining time that the context reported for each call.
    pub(crate) fn take_remaining(&self) -> Vec<Option<Duration>> {
        self.take().into_iter().map(|sight| sight.context).collect()
    }
}

impl<N: Next> Interceptor<N> for Seen {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let timeout = values(request.metadata(), "grpc-timeout").first().map(ToString::to_string);
        let (context, of_next) = (context.time_remaining(), next.context().time_remaining());
        let sight = Sight { context, next: of_next, timeout };
        self.sights.lock().expect("it isn't poisoned").push(sight);
        let outcome = next.run(request).await;
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.codes.lock().expect("it isn't poisoned").push(code);
        outcome
    }
}

/// Runs a check with these interceptors as a tuple and as a list: on a client directly, and in a
/// layer.
macro_rules! in_each_form {
    ($check:expr, [$($interceptor:expr),+ $(,)?] $(, $argument:expr)*) => {
        let list = ::grpc_interceptor::interceptors::List::new()$(.with($interceptor.clone()))+;
        $check($crate::kinds::Own(($($interceptor.clone(),)+)) $(, $argument)*).await;
        $check($crate::kinds::Own(list.clone()) $(, $argument)*).await;
        $check($crate::kinds::InLayer(($($interceptor.clone(),)+)) $(, $argument)*).await;
        $check($crate::kinds::InLayer(list) $(, $argument)*).await;
    };
}
pub(crate) use in_each_form;
