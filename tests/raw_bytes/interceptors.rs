//! Interceptors that change nothing.

use grpc_interceptor::{
    CallEnd, Context, Next, Outcome, Payload as _, interceptor,
    interceptors::{List, OnCallEnd, on_call_end},
};
use tonic::Request;

/// Touches nothing.
#[interceptor]
pub async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Looks at everything there is to see.
#[interceptor]
pub async fn look<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let request = request.map(|payload| payload.inspect_messages(|_| {}).on_end(|_| {}));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.inspect_messages(|_| {}).on_end(|_| {})))
}

/// Causes messages to be counted.
pub fn count() -> OnCallEnd<impl Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static> {
    on_call_end(|_, _| {})
}

/// Runs the rest in a scope.
#[interceptor]
pub async fn in_scope<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.in_scope(|run: &mut dyn FnMut()| run()).run(request).await
}

/// Both, in a run-time list.
pub fn list() -> List {
    List::new().with(pass).with(look)
}
