//! This project's interceptors, and greeters that have them in the attribute.

use std::hint::black_box;

use grpc_interceptor::{
    CallEnd, Context, InterceptorLayer, LayerInterceptors, LayerService, Next, Outcome,
    Payload as _, intercepted, interceptor,
    interceptors::{AccessLog, CatchPanic, ErrorToStatus, Metrics, Trace},
};
use tonic::{Code, Request, Status, metadata::MetadataValue};
use tower_layer::Layer as _;

use super::handler::greeter;
use crate::cases::work;

/// Does nothing, for use in `#[intercepted(…)]`.
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// The same as a value, for tuples and lists.
#[interceptor]
pub async fn pass_value<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Looks at the messages in both directions.
#[interceptor]
pub async fn look<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let request = request.map(|payload| payload.inspect_messages(work::look));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.inspect_messages(work::look)))
}

/// Observes the end of the whole call.
#[interceptor]
pub async fn observe<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let on_end = |end: &CallEnd<'_>| {
        black_box(end.code());
    };
    next.on_call_end(on_end).run(request).await
}

#[interceptor]
pub async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let outcome = next.run(request).await;
    work::log(context.method_name().path(), code::<N>(&outcome));
    outcome
}

#[interceptor]
pub async fn metrics<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    work::count_call();
    let outcome = next.run(request).await;
    work::count_outcome(code::<N>(&outcome));
    outcome
}

#[interceptor]
pub async fn token<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    work::check_token(request.metadata().get("authorization").map(MetadataValue::as_bytes))?;
    next.run(request).await
}

#[interceptor]
pub async fn deadline<N: Next>(
    request: Request<N::Request>,
    context: Context,
    next: N,
) -> Outcome<N> {
    work::check_deadline(context.time_remaining())?;
    next.run(request).await
}

#[interceptor]
pub async fn errors<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await.map_err(work::map_error)
}

fn code<N: Next>(outcome: &Outcome<N>) -> Code {
    outcome.as_ref().map_or_else(Status::code, |_| Code::Ok)
}

/// Puts interceptors around a generated service.
pub fn layer<S, I>(interceptors: I, service: S) -> LayerService<S, I>
where
    I: LayerInterceptors,
{
    InterceptorLayer::new(interceptors).layer(service)
}

/// A greeter with its own interceptor.
macro_rules! greeter_with_field {
    ($greeter:ident, $field:ty) => {
        pub struct $greeter(pub $field);
        greeter!(
            #[intercepted(self.0)]
            $greeter
        );
    };
}

greeter_with_field!(Logged, AccessLog);
greeter_with_field!(Traced, Trace);
greeter_with_field!(Counted, Metrics);

macro_rules! intercepted_greeter {
    ($greeter:ident, [$($entries:tt)*]) => {
        pub struct $greeter;
        greeter!(#[intercepted($($entries)*)] $greeter);
    };
}

intercepted_greeter!(Pass0, []);
intercepted_greeter!(Pass1, [pass]);
intercepted_greeter!(Pass5, [pass, pass, pass, pass, pass]);
intercepted_greeter!(Pass10, [pass, pass, pass, pass, pass, pass, pass, pass, pass, pass]);
intercepted_greeter!(Look1, [look]);
intercepted_greeter!(Observe1, [observe]);
intercepted_greeter!(Realistic, [log, metrics, token, deadline, errors]);
intercepted_greeter!(ErrorsToStatus, [ErrorToStatus::new()]);
intercepted_greeter!(
    ErrorsMapped,
    [ErrorToStatus::new().map(|_, _| None).map(|_, _| None).on_unknown(Code::Internal)]
);
intercepted_greeter!(PanicsCaught, [CatchPanic::new()]);
intercepted_greeter!(
    ErrorsAndPanics,
    [CatchPanic::new().on_panic(|_, _| {}), ErrorToStatus::new()]
);
