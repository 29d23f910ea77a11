use tonic::Request;

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
};
use crate::{Context, MethodName};

/// Runs an interceptor only on calls for which the predicate returns `true`. Other calls pass it by.
///
/// What there is to ask is in the [`Context`]: the RPC's name and service, its kind, the side. The
/// closure is called once for each call that gets there. In a variable it is written with its type,
/// `let predicate = |context: &Context| …`.
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
///             false => Err(Status::unauthenticated("who is there?")),
///         }
///     }
/// }
///
/// // By kind.
/// let unary = when(|context| context.kind() == RpcKind::Unary, Auth);
///
/// let server = GreeterServer::with_interceptors(MyGreeter, unary);
/// ```
///
/// By name there are [`only`], [`except`] and [`services`], which take constants: a name that is misspelt in
/// a closure holds for no RPC, and everything passes.
///
/// An interceptor that is for some RPCs by the types of their messages still has to fit all RPCs
/// that it is listed for, whatever the closure says.
pub fn when<P, I>(predicate: P, interceptor: I) -> When<P, I>
where
    P: Fn(&Context) -> bool + Send + Sync,
{
    When { predicate, interceptor }
}

/// For [`when`]: the calls of these RPCs.
///
/// The names are constants of the generated code, with `#[intercepted]` on its module.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::interceptors::{CatchPanic, only, when};
/// use grpc_interceptor_proto::default_stubs::greeter_server::methods;
///
/// let two = when(only([methods::SAY_HELLO, methods::CHAT]), CatchPanic::new());
/// let server = GreeterServer::with_interceptors(MyGreeter, two);
/// ```
pub fn only<const N: usize>(
    names: [MethodName<'static>; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| names.contains(&context.method_name())
}

/// For [`when`]: the calls of all RPCs except these. See [`only`].
///
/// ```
/// use grpc_interceptor::interceptors::{CatchPanic, except, when};
/// use grpc_interceptor_proto::default_stubs::greeter_server::methods;
///
/// let all_except_chat = when(except([methods::CHAT]), CatchPanic::new());
/// ```
pub fn except<const N: usize>(
    names: [MethodName<'static>; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| !names.contains(&context.method_name())
}

/// For [`when`]: the calls of all RPCs of these services, by their full names. Tonic has a constant for each
/// server.
///
/// ```
/// use grpc_interceptor::interceptors::{CatchPanic, services, when};
/// use grpc_interceptor_proto::greeter::greeter_server;
///
/// let of_the_greeter = when(services([greeter_server::SERVICE_NAME]), CatchPanic::new());
/// ```
pub fn services<const N: usize>(
    services: [&'static str; N],
) -> impl Fn(&Context) -> bool + Copy + Send + Sync {
    move |context| services.contains(&context.method_name().fully_qualified_service())
}

/// An interceptor on some calls: made by [`when`].
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
