use std::{future::Future, sync::Arc};

use tonic::Request;

use super::next::{Next, Outcome};
use crate::Context;

/// Code that runs around an RPC. It gets the typed request, the call's [`Context`] and the [rest of
/// the chain](Next).
///
/// # An async fn
///
/// The simplest interceptor is an async fn with these three arguments. It needs no trait:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::Request;
///
/// /// Logs one line per call, however it ends. Works for any RPC, on a server or a client.
/// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     let method = context.method_name();
///     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
/// }
/// ```
///
/// # A struct
///
/// An interceptor with state is a struct that implements this trait:
///
/// ```
/// use grpc_interceptor::{Context, Interceptor, Next, Outcome};
/// use tonic::{Request, Status};
///
/// struct Auth {
///     token: String,
/// }
///
/// impl<N: Next> Interceptor<N> for Auth {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         match request.metadata().get("authorization") {
///             Some(token) if token.as_bytes() == self.token.as_bytes() => next.run(request).await,
///             _ => Err(Status::unauthenticated("the token is missing or wrong")),
///         }
///     }
/// }
/// ```
///
/// # Only for some RPCs
///
/// The bounds on `N` decide which RPCs an interceptor accepts. Using it on any other RPC is a
/// compile error:
///
/// ```
/// # #[derive(Default)] struct HelloRequest { name: String }
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::Request;
///
/// /// Accepts RPCs that take a single `HelloRequest`.
/// async fn shout<N>(mut request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N>
/// where
///     N: Next<Request = HelloRequest>,
/// {
///     request.get_mut().name.make_ascii_uppercase();
///     next.run(request).await
/// }
/// ```
///
/// # Combining interceptors
///
/// A tuple of up to sixteen interceptors is an interceptor too. The first one is the outermost. For
/// more than sixteen, nest tuples. `Option<I>` (`None` does nothing), `Arc<I>` (shared) and `()`
/// (does nothing) are interceptors as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interceptor for this RPC",
    label = "not an interceptor for this RPC",
    note = "an interceptor is `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`, \
            or a type with `impl<N: Next> Interceptor<N>`; its bounds on `N` have to allow this RPC's messages, and its \
            future has to be `Send`"
)]
pub trait Interceptor<N: Next>: Send + Sync {
    /// Handles one call. Runs once per call, for each RPC that has this interceptor in its chain.
    ///
    /// Implement it as `async fn intercept`.
    ///
    /// # Errors
    ///
    /// An error goes to the next interceptor outward. The outermost interceptor's error goes to the
    /// caller.
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send;
}

#[diagnostic::do_not_recommend]
impl<N, F, O> Interceptor<N> for F
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O + Send + Sync,
    O: Future<Output = Outcome<N>> + Send,
{
    #[inline]
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        self(request, context, next)
    }
}

/// Does nothing: passes every call through.
impl<N: Next> Interceptor<N> for () {
    #[inline]
    fn intercept(
        &self,
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        next.run(request)
    }
}

/// `Some` runs the interceptor inside; `None` does nothing.
impl<N: Next, I: Interceptor<N>> Interceptor<N> for Option<I> {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        match self {
            Some(interceptor) => interceptor.intercept(request, context, next).await,
            None => next.run(request).await,
        }
    }
}

/// Runs the shared interceptor.
impl<N: Next, I: Interceptor<N>> Interceptor<N> for Arc<I> {
    #[inline]
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        I::intercept(self, request, context, next)
    }
}
