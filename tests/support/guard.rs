//! Reports when a call is cancelled: where it waits, and that it doesn't continue.

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tokio::sync::mpsc::UnboundedSender;
use tonic::Request;

use super::tell;

pub(crate) type Events = UnboundedSender<String>;

/// Reports when it is dropped.
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
        // Not reached if the call was cancelled at the await.
        tell(&guard.0, format!("{} goes on", guard.1));
        outcome
    }
}
