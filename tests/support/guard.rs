//! What tells when a call is given up: where it waits, and that it goes on no more.

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tokio::sync::mpsc::UnboundedSender;
use tonic::Request;

use super::tell;

pub(crate) type Events = UnboundedSender<String>;

/// Tells when it is dropped.
pub(crate) struct Guard(pub(crate) Events, &'static str);

impl Guard {
    pub(crate) fn new(events: &Events, name: &'static str) -> Self {
        tell(events, format!("{name} begins"));
        Guard(events.clone(), name)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        tell(&self.0, format!("{} is dropped", self.1));
    }
}

/// Holds a guard while the rest of the chain runs.
pub(crate) struct Guarded(pub(crate) Events, pub(crate) &'static str);

impl<N: Next> Interceptor<N> for Guarded {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let guard = Guard::new(&self.0, self.1);
        let outcome = next.run(request).await;
        // Behind the await there is nobody where the call was given up.
        tell(&guard.0, format!("{} goes on", guard.1));
        outcome
    }
}
