use tonic::Request;

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
};
use crate::{Context, MethodName};

/// Applies an interceptor only to calls that match a predicate. Other calls bypass it.
///
/// The predicate sees the [`Context`]: the RPC's name and service, its kind, and the side. It is
/// called once for each call that reaches it. When stored in a variable, the closure needs a type
/// annotation: `let predicate = |context: &Context| …`.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind, interceptors::when};
/// use tonic::{Request, Status};
///
/// #[derive(Clone)]
/// struct Auth;
///
/// impl<N: Next> Interceptor<N> for Auth {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         match request.metadata().contains_key("authorization") {
///             true => next.run(request).await,
///             false => Err(Status::unauthenticated("no credentials")),
///         }
///     }
/// }
///
/// // Select RPCs by kind.
/// let unary = when(|context| context.kind() == RpcKind::Unary, Auth);
///
/// let server = GreeterServer::with_interceptors(MyGreeter, unary);
/// ```
///
/// To select by name, use [`only`], [`except`] and [`services`] with constants. A misspelled name
/// in a closure matches no RPC, so every call would bypass the interceptor.
///
/// The predicate doesn't affect types: the interceptor has to fit the message types of every RPC
/// that it is listed for, whichever calls the closure selects.
pub fn when<P, I>(predicate: P, interceptor: I) -> When<P, I>
where
    P: Fn(&Context) -> bool + Send + Sync,
{
    When { predicate, interceptor }
}

/// A predicate for [`when`] that matches calls to these RPCs.
///
/// With `#[intercepted]` on its module, the generated code has a constant for each name.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs as pb;
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::interceptors::{CatchPanic, only, when};
/// use pb::greeter_server::methods;
///
/// let two = when(only([methods::SAY_HELLO, methods::CHAT]), CatchPanic::new());
/// let server = GreeterServer::with_interceptors(MyGreeter, two);
/// ```
pub fn only<const N: usize>(
    names: [MethodName<'static>; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| names.contains(&context.method_name())
}

/// A predicate for [`when`] that matches calls to all RPCs except these. See [`only`].
///
/// ```
/// # use grpc_interceptor_proto::default_stubs as pb;
/// use grpc_interceptor::interceptors::{CatchPanic, except, when};
/// use pb::greeter_server::methods;
///
/// let all_except_chat = when(except([methods::CHAT]), CatchPanic::new());
/// ```
pub fn except<const N: usize>(
    names: [MethodName<'static>; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| !names.contains(&context.method_name())
}

/// A predicate for [`when`] that matches calls to any RPC of these services, by their full names.
///
/// Tonic generates a constant for each server.
///
/// ```
/// # use grpc_interceptor_proto::greeter as pb;
/// use grpc_interceptor::interceptors::{CatchPanic, services, when};
/// use pb::greeter_server;
///
/// let of_the_greeter = when(services([greeter_server::SERVICE_NAME]), CatchPanic::new());
/// ```
pub fn services<const N: usize>(
    services: [&'static str; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| services.contains(&context.method_name().fully_qualified_service())
}

/// A predicate for [`when`] that matches calls to all services except these. See [`services`].
///
/// Methods that the server doesn't know match, too, in an [`InterceptorLayer`](crate::InterceptorLayer).
///
/// ```
/// # let auth = ();
/// use grpc_interceptor::{InterceptorLayer, interceptors::{except_services, when}};
///
/// let auth = when(except_services(["grpc.health.v1.Health"]), auth);
/// let layer = InterceptorLayer::new(auth);
/// ```
pub fn except_services<const N: usize>(
    services: [&'static str; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| !services.contains(&context.method_name().fully_qualified_service())
}

/// An interceptor that applies only to some calls. Created by [`when`].
#[derive(Clone, Copy, Debug)]
pub struct When<P, I> {
    predicate: P,
    interceptor: I,
}

impl<N, P, I> Interceptor<N> for When<P, I>
where
    N: Next,
    P: Fn(&Context) -> bool + Send + Sync,
    I: Interceptor<N>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        if (self.predicate)(&context) {
            self.interceptor.intercept(request, context, next).await
        } else {
            next.run(request).await
        }
    }
}
