use std::{future::Future, sync::Arc};

use tonic::Request;

use super::next::{Next, Outcome};
use crate::Context;

/// Code that runs around an RPC: it gets the typed request, the call's [`Context`] and the
/// [rest of the chain](Next).
///
/// # An async fn
///
/// The plainest interceptor is an async fn with these three arguments. It needs no trait:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::Request;
///
/// /// Any RPC, unary or streaming, server or client: one line for each call, whatever happens to it.
/// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     let method = context.method_name();
///     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
/// }
/// ```
///
/// # A struct
///
/// If it has state, it is a struct that implements this trait:
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
/// # Some RPCs only
///
/// The bounds on `N` say which RPCs an interceptor is for. Using it on another is a compile error:
///
/// ```
/// # #[derive(Default)] struct HelloRequest { name: String }
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::Request;
///
/// /// RPCs that take one `HelloRequest`.
/// async fn shout<N>(mut request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N>
/// where
///     N: Next<Request = HelloRequest>,
/// {
///     request.get_mut().name.make_ascii_uppercase();
///     next.run(request).await
/// }
/// ```
///
/// # Several as one
///
/// A tuple of up to sixteen interceptors is an interceptor, too, its first the outermost; for more, put a
/// tuple into it. So is `Option<I>`, which may be absent, `Arc<I>`, which is shared, and `()`, which does
/// nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interceptor for this RPC",
    label = "not an interceptor for this RPC",
    note = "an interceptor is `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`, \
            or a type with `impl<N: Next> Interceptor<N>`; its bounds on `N` have to allow this RPC's messages, and its \
            future has to be `Send`"
)]
pub trait Interceptor<N: Next>: Send + Sync {
    /// Called once for each call of each RPC that has this interceptor in its chain.
    ///
    /// An implementation is written as `async fn intercept`.
    ///
    /// # Errors
    ///
    /// What it returns goes to the interceptor around it and, from the outermost, to the caller.
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send;
}

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

/// Does nothing: the call passes.
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

/// `Some` does what the interceptor in it does, and `None` does nothing.
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

/// Does what the shared one does.
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
