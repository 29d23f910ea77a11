use std::task::Poll;

use tonic::Status;

/// What the rest of a call runs inside of: a task-local, a `tracing` span, a guard against panics.
///
/// A response's stream is read outside of the interceptor's future, so what is entered around
/// `next.run(…)` doesn't reach it. [`Next::in_scope`](crate::Next::in_scope) runs the whole rest of the
/// call inside of a scope: each poll of the future and of the response's stream, and whatever is dropped
/// at the end or before. On a client that includes the request's stream, which tonic reads in a task of
/// its own. The scope is cloned for each stream.
///
/// Two things leave a scope: a [detached](crate::Detach) rest of a chain, which runs in a task of its own,
/// and a client's request stream that is replaced by one made anew. An interceptor that replaces a stream
/// by [`Payload::map_stream`](crate::Payload::map_stream) keeps it in its scope.
///
/// It is implemented for closures that call what they get: see [`Next::in_scope`](crate::Next::in_scope).
/// A type of your own can also end the call:
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
    /// The call ends with this status, unless the piece that just ran was the last one: then its result
    /// counts. If `run` wasn't called, the rest of the call doesn't run any more.
    ///
    /// If this returns `Ok` and hasn't called `run`, the piece runs outside of the scope.
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
