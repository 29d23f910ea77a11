use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Chain, Link,
    call::{Served, start},
};
use crate::Interceptor;

/// A service wrapped in interceptors.
///
/// `GreeterServer::with_interceptors` builds a server from one. There, `I` is
/// `dyn GreeterServerInterceptors<T>`, regardless of the interceptors.
///
/// It implements the generated trait like the service inside it, and runs each call through the
/// interceptors first. You can use it wherever the service fits, for example with code that takes a
/// service and builds the server itself:
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// use grpc_interceptor::{Context, Intercepted, Next, Outcome, interceptor};
/// use tonic::Request;
///
/// #[interceptor]
/// async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     println!("{}", context.method_name());
///     next.run(request).await
/// }
///
/// struct MyGreeter;
///
/// #[tonic::async_trait]
/// impl Greeter for MyGreeter {
///     // …
/// }
///
/// fn serve(greeter: impl Greeter) {
///     let server = GreeterServer::new(greeter).max_decoding_message_size(64 * 1024);
///     // …
/// }
///
/// serve(Intercepted::new(MyGreeter, log));
/// ```
///
/// If you build the server yourself, use `GreeterServer::with_interceptors`, or
/// `GreeterServer::with_interceptors_from_arc` for a service in an `Arc`.
/// [`from_arc`](Intercepted::from_arc) explains what that saves.
///
/// `#[intercepted]` on the generated server's module implements the trait: see
/// [its docs](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.intercepted.html#on-a-generated-server).
pub struct Intercepted<T, I: ?Sized> {
    service: Arc<T>,
    interceptors: Arc<I>,
}

impl<T, I> Intercepted<T, I> {
    /// Wraps a service in interceptors.
    ///
    /// `interceptors` is a single [`Interceptor`], usually a tuple of structs and of async fns with
    /// `#[interceptor]`. The first one is the outermost.
    pub fn new(service: T, interceptors: I) -> Self {
        Self::from_arc(Arc::new(service), interceptors)
    }

    /// Wraps a shared service in interceptors.
    ///
    /// To build a server, use `GreeterServer::with_interceptors_from_arc(service, interceptors)`
    /// instead. The type returned here contains the types of all interceptors, so a server built
    /// from it takes longer to compile, increasingly so with more RPCs. The other server's type
    /// doesn't depend on the interceptors.
    pub fn from_arc(service: Arc<T>, interceptors: I) -> Self {
        Intercepted { service, interceptors: Arc::new(interceptors) }
    }
}

impl<T, I: ?Sized> Clone for Intercepted<T, I> {
    fn clone(&self) -> Self {
        Intercepted { service: self.service.clone(), interceptors: self.interceptors.clone() }
    }
}

impl<T, I: ?Sized> fmt::Debug for Intercepted<T, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Intercepted").finish_non_exhaustive()
    }
}

/// Wraps a service in interceptors whose type may be erased.
pub fn intercepted<T, I: ?Sized>(service: Arc<T>, interceptors: Arc<I>) -> Intercepted<T, I> {
    Intercepted { service, interceptors }
}

/// Returns the interceptors and the service they wrap.
pub fn parts<T, I: ?Sized>(intercepted: &Intercepted<T, I>) -> (&I, &Arc<T>) {
    (&intercepted.interceptors, &intercepted.service)
}

/// Does the same for calls that own them.
pub fn shared_parts<T, I: ?Sized>(intercepted: &Intercepted<T, I>) -> (Arc<I>, Arc<T>) {
    (intercepted.interceptors.clone(), intercepted.service.clone())
}

/// Runs an RPC of a service through interceptors.
pub fn serve_intercepted<'a, R, T, I>(
    interceptors: &'a I,
    service: &'a Arc<T>,
    argument: R::Argument,
) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0> + 'a,
    I: Interceptor<Chain<'a, Arc<T>, R, 0>> + 'a,
{
    start::<R, Arc<T>, _>(argument, move |request, context| {
        let next = Chain { service, context, rpc: PhantomData };
        interceptors.intercept(request, context, next)
    })
}

/// Does the same for a service in an `Arc`.
pub fn serve_intercepted_arc<'a, R, T, I>(
    interceptors: Arc<I>,
    service: Arc<T>,
    argument: R::Argument,
) -> Served<'a, R, Arc<T>>
where
    T: Send + Sync + 'a,
    R: Link<Arc<T>, 0> + 'a,
    I: for<'b> Interceptor<Chain<'b, Arc<T>, R, 0>> + 'a,
{
    start::<R, Arc<T>, _>(argument, |request, context| async move {
        let next = Chain { service: &service, context, rpc: PhantomData };
        interceptors.intercept(request, context, next).await
    })
}
