use std::{
    fmt,
    time::{Duration, Instant},
};

use tonic::metadata::MetadataMap;

use super::{
    clock::now,
    kind::{RpcKind, Side},
    method_name::MethodName,
    timeout::deadline_in,
};

/// Information about a call other than its request: the RPC, the side and the deadline.
///
/// It is [`Copy`], so it can be moved into a closure on a stream.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::{Request, Status};
///
/// /// Rejects calls that can't be completed in time.
/// async fn in_time<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     if context.time_remaining().is_some_and(|remaining| remaining.as_millis() < 10) {
///         return Err(Status::deadline_exceeded("less than 10 ms left"));
///     }
///     next.run(request).await
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Context {
    rpc: &'static RpcInfo,
    deadline: Option<Instant>,
}

/// The part of a context that is the same for all calls of an RPC. A context stores a reference to
/// it, since each interceptor gets a copy of the context.
#[derive(Debug)]
pub struct RpcInfo {
    method_name: MethodName<'static>,
    kind: RpcKind,
    side: Side,
}

impl RpcInfo {
    /// Created at compile time, once per RPC and side.
    #[must_use]
    pub const fn new(method_name: MethodName<'static>, kind: RpcKind, side: Side) -> Self {
        RpcInfo { method_name, kind, side }
    }

    pub(crate) fn method_name(&self) -> MethodName<'static> {
        self.method_name
    }

    /// Returns whether this describes the given RPC.
    pub(crate) fn is(&self, path: &str, kind: RpcKind, side: Side) -> bool {
        self.kind == kind && self.side == side && self.method_name.path() == path
    }
}

impl Context {
    /// Creates the context of a call that starts now, with the deadline from its metadata.
    pub(crate) fn new(rpc: &'static RpcInfo, metadata: &MetadataMap) -> Self {
        let mut context = Context { rpc, deadline: None };
        context.note_timeout_in(metadata);
        context
    }

    /// Returns the RPC's name exactly as it appears on the wire: `"/pkg.Service/Method"`.
    #[must_use]
    pub const fn method_name(&self) -> MethodName<'static> {
        self.rpc.method_name
    }

    /// Returns the kind of RPC: unary or streaming, in each direction.
    #[must_use]
    pub const fn kind(&self) -> RpcKind {
        self.rpc.kind
    }

    /// Returns whether the interceptor runs on the server or on the client.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.rpc.side
    }

    /// Returns the time at which the caller stops waiting, or `None` if it set no deadline.
    ///
    /// This is the request's `grpc-timeout`, counted from when the call reached the chain, unless
    /// an outer interceptor has set [an earlier deadline](Context::with_deadline).
    ///
    /// On a server, the header is parsed exactly as tonic parses it. Tonic drops the call at the
    /// deadline unless the response has begun by then.
    ///
    /// On a client, one deadline covers the whole call: the time spent in interceptors, all
    /// attempts, and reading the response stream. Once it has passed, the call ends with
    /// DEADLINE_EXCEEDED. This uses a tokio timer, so the runtime needs timers enabled
    /// (`enable_time`).
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns the time left until the [deadline](Context::deadline).
    ///
    /// It is zero if the deadline has passed, and `None` without a deadline. The clock is tokio's,
    /// so a test can pause and advance it.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now()))
    }

    /// Returns this context with another deadline, unless it already has an earlier one.
    ///
    /// The rest of a chain can't have more time than the whole call, so an earlier deadline is
    /// kept.
    ///
    /// Pass the result to [`Next::with_context`](crate::Next::with_context). The inner interceptors
    /// and the handler's `context` then see the new deadline, and a client sends it on the wire.
    ///
    /// For a time from now on, use [`with_timeout`](Context::with_timeout).
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome};
    /// use std::time::Instant;
    /// use tonic::Request;
    ///
    /// /// The end of the whole operation that this call belongs to.
    /// #[derive(Clone, Copy)]
    /// struct End(Instant);
    ///
    /// async fn until_the_end<N: Next>(
    ///     request: Request<N::Request>,
    ///     context: Context,
    ///     next: N,
    /// ) -> Outcome<N> {
    ///     match request.extensions().get() {
    ///         Some(&End(deadline)) => {
    ///             next.with_context(context.with_deadline(deadline)).run_in_time(request).await
    ///         }
    ///         None => next.run(request).await,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn with_deadline(self, deadline: Instant) -> Self {
        let deadline = self.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        Context { deadline: Some(deadline), ..self }
    }

    /// Returns this context with a deadline this far from now, by tokio's clock, which a test can
    /// pause. An earlier deadline is kept: see [`with_deadline`](Context::with_deadline).
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome};
    /// use std::time::Duration;
    /// use tonic::Request;
    ///
    /// /// Gives every call at most five seconds.
    /// async fn five_seconds<N: Next>(
    ///     request: Request<N::Request>,
    ///     context: Context,
    ///     next: N,
    /// ) -> Outcome<N> {
    ///     let context = context.with_timeout(Duration::from_secs(5));
    ///     next.with_context(context).run_in_time(request).await
    /// }
    /// ```
    ///
    /// A time too long to be added to the clock is no deadline.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        match now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// Returns this context with the deadline of another one, if that is earlier.
    #[doc(hidden)]
    #[must_use]
    pub fn with_deadline_of(self, other: Context) -> Self {
        other.deadline.map_or(self, |deadline| self.with_deadline(deadline))
    }

    /// Applies the deadline in this metadata, counted from now.
    #[doc(hidden)]
    #[inline]
    pub fn note_timeout_in(&mut self, metadata: &MetadataMap) {
        if !metadata.is_empty()
            && let Some(deadline) = deadline_in(metadata)
        {
            *self = self.with_deadline(deadline);
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RpcInfo { method_name, kind, side } = self.rpc;
        formatter
            .debug_struct("Context")
            .field("method_name", method_name)
            .field("kind", kind)
            .field("side", side)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// Creates the context of a call without a deadline, for the testing kit.
#[must_use]
pub fn new_context(rpc: &'static RpcInfo) -> Context {
    Context { rpc, deadline: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::metadata::MetadataMap;

    use super::{Context, RpcInfo, RpcKind, Side, now};
    use crate::MethodName;

    static RPC: RpcInfo = RpcInfo::new(
        match MethodName::parse("/a/b") {
            Ok(name) => name,
            Err(_) => panic!("it is a name"),
        },
        RpcKind::Unary,
        Side::Server,
    );

    #[tokio::test(start_paused = true)]
    async fn the_time_remaining_goes_down_to_zero() {
        let mut metadata = MetadataMap::new();
        let context = Context::new(&RPC, &metadata);
        assert_eq!((context.deadline(), context.time_remaining()), (None, None));

        metadata.insert("grpc-timeout", "2S".parse().unwrap());
        let context = Context::new(&RPC, &metadata);
        assert_eq!(context.time_remaining(), Some(Duration::from_secs(2)));
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(context.time_remaining(), Some(Duration::from_millis(500)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(context.time_remaining(), Some(Duration::ZERO));
    }
    #[tokio::test(start_paused = true)]
    async fn an_inner_deadline_never_extends_an_outer_one() {
        let context = Context::new(&RPC, &MetadataMap::new());
        let (early, late) = (now() + Duration::from_secs(1), now() + Duration::from_secs(2));
        assert_eq!(context.with_deadline(late).deadline(), Some(late));
        assert_eq!(context.with_deadline(late).with_deadline(early).deadline(), Some(early));
        assert_eq!(context.with_deadline(early).with_deadline(late).deadline(), Some(early));
        assert_eq!(context.with_timeout(Duration::from_secs(1)).deadline(), Some(early));
        assert_eq!(context.with_timeout(Duration::MAX).deadline(), None);
        let other = context.with_deadline(late);
        assert_eq!(context.with_deadline(early).with_deadline_of(other).deadline(), Some(early));
        assert_eq!(other.with_deadline_of(context).deadline(), Some(late));
    }
}
