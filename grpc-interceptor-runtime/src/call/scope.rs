use std::task::Poll;

use tonic::Status;

/// A scope that the rest of a call runs in, such as a task-local, a `tracing` span or a panic
/// guard.
///
/// A response stream is read outside the interceptor's future, so entering a scope around
/// `next.run(…)` doesn't cover it. [`Next::in_scope`](crate::Next::in_scope) runs everything inside
/// the interceptor in the scope: each poll of the future and of the response stream, and every
/// drop, whether at the end or before. On a client that includes the request stream, which tonic
/// reads in a separate task. The scope is cloned for each stream.
///
/// Two things run outside the scope: a [detached](crate::Detach) chain that runs in its own task,
/// and a client's request stream that an interceptor replaces with a newly created one. An
/// interceptor that replaces a stream with [`Payload::map_stream`](crate::Payload::map_stream)
/// keeps it in its scope.
///
/// The trait is implemented for closures that call their argument: see
/// [`Next::in_scope`](crate::Next::in_scope). Your own type can also end the call:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, Scope};
/// use std::sync::{
///     Arc,
///     atomic::{AtomicBool, Ordering},
/// };
/// use tonic::{Request, Status};
///
/// /// Ends calls when the server shuts down, as soon as they are next polled.
/// #[derive(Clone)]
/// struct UntilStop(Arc<AtomicBool>);
///
/// impl Scope for UntilStop {
///     fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
///         run();
///         match self.0.load(Ordering::Relaxed) {
///             true => Err(Status::unavailable("the server is shutting down")),
///             false => Ok(()),
///         }
///     }
/// }
/// ```
pub trait Scope: Clone + Send + 'static {
    /// Runs one step of the call by calling `run` once.
    ///
    /// If this returns `Ok` without calling `run`, the step runs outside the scope.
    ///
    /// # Errors
    ///
    /// An error ends the call with this status, unless the step that just ran was the last one:
    /// then its result counts. If `run` wasn't called, the rest of the call doesn't run.
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status>;
}

/// One or more [`Scope`]s that can be entered.
pub(crate) trait Enter: Send + 'static {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status>;
}

impl<S: Scope> Enter for S {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        Scope::enter(self, run)
    }
}

/// Polls inside a scope. `is_last` returns whether a result comes from the last step.
pub(crate) fn poll_inside<T>(
    scope: &impl Enter,
    mut poll: impl FnMut() -> Poll<T>,
    is_last: impl FnOnce(&T) -> bool,
) -> Result<Poll<T>, Status> {
    let mut polled = None;
    let entered = scope.enter(&mut || polled = Some(poll()));
    match (polled, entered) {
        (Some(polled), Ok(())) => Ok(polled),
        (Some(Poll::Ready(result)), Err(_)) if is_last(&result) => Ok(Poll::Ready(result)),
        (_, Err(status)) => Err(status),
        // `run` wasn't called. Without a poll, the task would never be woken again.
        (None, Ok(())) => Ok(poll()),
    }
}

impl<F> Scope for F
where
    F: Fn(&mut dyn FnMut()) + Clone + Send + 'static,
{
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        self(run);
        Ok(())
    }
}
