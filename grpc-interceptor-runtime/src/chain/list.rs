//! Lists of interceptors whose number is known only at run time.

mod any_next;

use std::{fmt, sync::Arc};

use tonic::{Request, Response, Status};

pub use any_next::AnyNext;

use any_next::{AnyInterceptor, End};

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
};
use crate::{Context, payload::Erase};

/// A list of interceptors built at run time, for example from a configuration.
///
/// It can hold any number of interceptors, of any types. The first one is the outermost.
///
/// A list is an [`Interceptor`] for every RPC, and each of its members has to be one too. A
/// member's `next` is an [`AnyNext`], whose messages are [`AnyMessage`](crate::AnyMessage)s, since
/// one list serves all RPCs. An interceptor for any `N: Next` fits. An interceptor that requires a
/// specific message type doesn't.
///
/// An async fn needs [`#[interceptor]`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.interceptor.html)
/// above it. Without it, the compiler says that an "implementation of `FnOnce` is not general enough".
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{
///     Context, Interceptor, Next, Outcome,
///     interceptors::{CatchPanic, List},
/// };
/// use std::time::Duration;
/// use tonic::{Request, Status};
///
/// /// Cancels calls that take too long.
/// struct TimeLimit(Duration);
///
/// impl<N: Next> Interceptor<N> for TimeLimit {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         let limited = tokio::time::timeout(self.0, next.run(request)).await;
///         limited.unwrap_or_else(|_| Err(Status::deadline_exceeded("this takes too long")))
///     }
/// }
///
/// struct Configuration {
///     catch_panics: bool,
///     time_limit: Option<Duration>,
/// }
///
/// fn interceptors(configuration: &Configuration) -> List {
///     let mut list = List::new();
///     if configuration.catch_panics {
///         list.push(CatchPanic::new());
///     }
///     list.extend(configuration.time_limit.map(TimeLimit));
///     list
/// }
///
/// let configuration = Configuration { catch_panics: true, time_limit: None };
/// let server = GreeterServer::with_interceptors(MyGreeter, interceptors(&configuration));
/// ```
///
/// # Cost
///
/// A tuple is assembled at compile time and allocates nothing. A list allocates on every call: one
/// box per interceptor, and three more for the request message, the response message and the rest
/// of the chain after the list. A stream costs two allocations, plus one per message if an
/// interceptor inspects the messages. An empty list allocates nothing. If the interceptors are
/// known and only some of them can be switched off, a tuple with an `Option` in it is cheaper.
///
/// Each interceptor uses some of the thread's stack, because the one around it polls it. To keep a
/// long list from overflowing the stack and crashing the process, a list is limited to 128
/// interceptors. With more, every call fails with INTERNAL and a message that says so.
///
/// A clone shares the interceptors.
#[derive(Clone, Default)]
pub struct List {
    interceptors: Vec<Arc<dyn AnyInterceptor>>,
}

/// How many interceptors fit on a 2 MiB thread stack in a debug build, with a margin for
/// interceptors that need more stack than ours.
const MOST: usize = 128;

#[cold]
fn too_many(number: usize) -> Status {
    Status::internal(format!("a list of {number} interceptors is too long: it has at most {MOST}"))
}

impl List {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        List { interceptors: Vec::new() }
    }

    /// Adds an interceptor at the end, inside all the others. An async fn needs
    /// `#[interceptor]` above it.
    pub fn push<I>(&mut self, interceptor: I)
    where
        I: for<'a> Interceptor<AnyNext<'a>> + 'static,
    {
        self.interceptors.push(Arc::new(interceptor));
    }

    /// Returns the list with one more interceptor at the end, inside all the others.
    #[must_use = "returns a new list: `push` adds to an existing one"]
    pub fn with<I>(mut self, interceptor: I) -> Self
    where
        I: for<'a> Interceptor<AnyNext<'a>> + 'static,
    {
        self.push(interceptor);
        self
    }

    /// Returns the number of interceptors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.interceptors.len()
    }

    /// Returns `true` if the list has no interceptors. Calls then pass through unchanged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interceptors.is_empty()
    }
}

impl<I> Extend<I> for List
where
    I: for<'a> Interceptor<AnyNext<'a>> + 'static,
{
    fn extend<T: IntoIterator<Item = I>>(&mut self, interceptors: T) {
        for interceptor in interceptors {
            self.push(interceptor);
        }
    }
}

impl<I> FromIterator<I> for List
where
    I: for<'a> Interceptor<AnyNext<'a>> + 'static,
{
    fn from_iter<T: IntoIterator<Item = I>>(interceptors: T) -> Self {
        let mut list = List::new();
        list.extend(interceptors);
        list
    }
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("List").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<N: Next> Interceptor<N> for List {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        match self.len() {
            0 => return next.run(request).await,
            1..=MOST => {}
            number => return Err(too_many(number)),
        }
        let end = End(next);
        let any_next = AnyNext::new(&self.interceptors, context, &end);
        let response = any_next.run(request.map(Erase::erase)).await?;
        let (metadata, payload, extensions) = response.into_parts();
        Ok(Response::from_parts(metadata, N::Response::restore(payload)?, extensions))
    }
}
