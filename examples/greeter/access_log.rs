use grpc_interceptor::{CallEnd, Context, Next, Outcome};
use tonic::Request;

/// Logs every call of any kind exactly once, when it has ended. This includes calls that the client
/// cancels, that run out of time, or whose handler panics.
pub(crate) async fn access_log<N: Next>(
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> Outcome<N> {
    let (name, kind) = (context.method_name(), context.kind());
    let log = move |end: &CallEnd<'_>| {
        let (code, cause, elapsed) = (end.code(), end.cause(), end.elapsed());
        println!("  server  {name} ({kind:?}): {code:?}, {cause:?} after {elapsed:.1?}");
    };
    next.on_call_end(log).run(request).await
}
