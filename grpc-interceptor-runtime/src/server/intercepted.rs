use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Chain, Link,
    call::{Served, start},
};
use crate::Interceptor;

/// A service with interceptors around it: what `GreeterServer::with_interceptors` makes a server of,
/// where `I` is `dyn GreeterServerInterceptors<T>` whatever the interceptors are.
///
/// It implements the generated trait as the service in it does, and runs each call through the
/// interceptors first. So it can be used wherever the service could, for example by code that takes a
/// service and makes the server itself:
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
/// If you make the server yourself, take `GreeterServer::with_interceptors`, or
/// `GreeterServer::with_interceptors_from_arc` for a service that is in an `Arc`: see
/// [`from_arc`](Intercepted::from_arc) for what that saves.
///
/// The trait is implemented by `#[intercepted]` on the generated server's module, see
/// [there](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.intercepted.html#on-a-generated-server).
pub struct Intercepted<T, I: ?Sized> {
    service: Arc<T>,
    interceptors: Arc<I>,
}

impl<T, I> Intercepted<T, I> {
    /// Puts interceptors around a service, the first the outermost.
    ///
    /// `interceptors` is one [`Interceptor`]: mostly a tuple, of structs and of async fns with
    /// `#[interceptor]`.
    pub fn new(service: T, interceptors: I) -> Self {
        Self::from_arc(Arc::new(service), interceptors)
    }

    /// Puts interceptors around a service that others have, too.
    ///
    /// To make a server of it, write `GreeterServer::with_interceptors_from_arc(service, interceptors)`
    /// instead. The type of what is made here contains those of all interceptors, and a server of it
    /// takes longer to compile, the more so the more RPCs the service has. The type of the other server
    /// is the same whatever the interceptors are.
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

/// Puts interceptors, whose type may be forgotten, around a service.
pub fn intercepted<T, I: ?Sized>(service: Arc<T>, interceptors: Arc<I>) -> Intercepted<T, I> {
    Intercepted { service, interceptors }
}

/// The interceptors, and the service that they are around.
pub fn parts<T, I: ?Sized>(intercepted: &Intercepted<T, I>) -> (&I, &Arc<T>) {
    (&intercepted.interceptors, &intercepted.service)
}

/// The same for calls that own them.
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

/// The same for a service that comes in an `Arc`.
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
