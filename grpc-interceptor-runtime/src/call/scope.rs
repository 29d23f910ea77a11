use std::task::Poll;

use tonic::Status;

/// What the rest of a call runs inside of: a task-local, a `tracing` span, a guard against panics.
///
/// A response's stream is read outside of the interceptor's future, so that what is entered around
/// `next.run(…)` doesn't reach it. [`Next::in_scope`](crate::Next::in_scope) runs all of the
/// rest of the call inside of a scope: each poll of the future, each poll of the response's stream,
/// on a client each poll of the request's stream, too, which tonic reads in a task of its own, and
/// whatever is dropped at the end or before. A clone is made for each stream.
///
/// It is implemented for closures that call what they get: see [`Next::in_scope`](crate::Next::in_scope).
/// A type can end the call besides:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, Scope};
/// use std::sync::{
///     Arc,
///     atomic::{AtomicBool, Ordering},
/// };
/// use tonic::{Request, Status};
///
/// /// Ends calls when the server stops, wherever they are: as soon as something happens in them.
/// #[derive(Clone)]
/// struct UntilStop(Arc<AtomicBool>);
///
/// impl Scope for UntilStop {
///     fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
///         run();
///         match self.0.load(Ordering::Relaxed) {
///             true => Err(Status::unavailable("the server stops")),
///             false => Ok(()),
///         }
///     }
/// }
/// ```
pub trait Scope: Clone + Send + 'static {
    /// Runs a piece of the rest of the call. It calls `run` once.
    ///
    /// # Errors
    ///
    /// The call ends with this status, unless the piece that just ran was its last: then that counts.
    /// If `run` wasn't called, nothing of the rest runs any more.
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status>;
}

/// A [`Scope`], or several of them: what can be entered.
pub(crate) trait Enter: Send + 'static {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status>;
}

impl<S: Scope> Enter for S {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        Scope::enter(self, run)
    }
}

/// Runs a poll inside of a scope. `is_last` says whether a result is the last piece.
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
        // It wasn't called. Without a poll nobody would be woken again.
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
