use tonic::Request;

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
};
use crate::Context;

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
/// // All but health checks.
/// let all_but_health =
///     when(|context| context.method_name().fully_qualified_service() != "grpc.health.v1.Health", Auth);
///
/// // Only these two RPCs.
/// let names = ["/greeter.v1.Greeter/SayHello", "/greeter.v1.Greeter/Chat"];
/// let only_two = when(move |context| names.contains(&context.method_name().path()), Auth);
///
/// // By kind.
/// let unary = when(|context| context.kind() == RpcKind::Unary, Auth);
///
/// let server = GreeterServer::with_interceptors(MyGreeter, (all_but_health, only_two, unary));
/// ```
///
/// An interceptor that is for some RPCs by the types of their messages still has to fit all RPCs
/// that it is listed for, whatever the closure says.
pub fn when<P, I>(predicate: P, interceptor: I) -> When<P, I>
where
    P: Fn(&Context) -> bool + Send + Sync,
{
    When { predicate, interceptor }
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
