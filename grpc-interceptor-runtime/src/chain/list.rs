//! Interceptors of which the number is known when the program runs.

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

/// Interceptors in a list that is made at run time, such as from a configuration: of any number and
/// any types. The first is the outermost.
///
/// It is an [`Interceptor`] for every RPC. What goes into it has to be one, too: it gets an
/// [`AnyNext`], whose messages are [`AnyMessage`](crate::AnyMessage)s, as the list is the same for all RPCs. An
/// interceptor for any `N: Next` fits; one that asks for a certain message doesn't.
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
/// /// Gives up on calls that take too long.
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
/// # What it costs
///
/// A tuple is put together by the compiler and allocates nothing. This allocates for each call: a
/// box for each interceptor, three more for the request message, the response message and what is
/// behind the list. A stream costs two for the stream, and one for each message only if an
/// interceptor looks at them. An empty list allocates nothing. If the interceptors are known and
/// only some may be off, a tuple with an `Option` in it is cheaper.
///
/// Each interceptor takes some of the thread's stack, as it is polled by the one around it. So there are
/// at most 128: with more, each call fails with INTERNAL and says so. Otherwise it would take the process
/// down.
///
/// A clone shares the interceptors.
#[derive(Clone, Default)]
pub struct List {
    interceptors: Vec<Arc<dyn AnyInterceptor>>,
}

/// How many interceptors a thread's stack of 2 MiB has room for, in a debug build, with a margin for those
/// that take more of it than ours do.
const MOST: usize = 128;

#[cold]
fn too_many(number: usize) -> Status {
    Status::internal(format!("a list of {number} interceptors is too long: it has at most {MOST}"))
}

impl List {
    /// Makes an empty list.
    #[must_use]
    pub const fn new() -> Self {
        List { interceptors: Vec::new() }
    }

    /// Adds an interceptor inside of those that are there.
    pub fn push<I>(&mut self, interceptor: I)
    where
        I: for<'a> Interceptor<AnyNext<'a>> + 'static,
    {
        self.interceptors.push(Arc::new(interceptor));
    }

    /// The list with one more interceptor inside of those that are there.
    #[must_use = "it is another list: `push` adds to the one that is there"]
    pub fn with<I>(mut self, interceptor: I) -> Self
    where
        I: for<'a> Interceptor<AnyNext<'a>> + 'static,
    {
        self.push(interceptor);
        self
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.interceptors.len()
    }

    /// Whether there are none: then every call passes as if the list weren't there.
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
