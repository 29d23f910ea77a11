//! Interceptors that change nothing.

use grpc_interceptor::{Context, Next, Outcome, Payload as _, interceptor, interceptors::List};
use tonic::Request;

/// Touches nothing.
#[interceptor]
pub async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Looks at all there is to see.
#[interceptor]
pub async fn look<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let request = request.map(|payload| payload.inspect_messages(|_| {}).on_end(|_| {}));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.inspect_messages(|_| {}).on_end(|_| {})))
}

/// Both, in a list that is made at run time.
pub fn list() -> List {
    List::new().with(pass).with(look)
}
