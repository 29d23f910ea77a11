//! What `ErrorToStatus` and `CatchPanic` cost on a unary call that succeeds: in process, with no
//! socket, to a generated server with a handler that echoes.
//!
//! ```text
//! cargo run --release -p grpc-interceptor-benches --bin errors
//! ```

use std::{convert::Infallible, error::Error, future::poll_fn, hint::black_box, pin::pin};

use grpc_interceptor::{
    Context, Next, Outcome, intercepted,
    interceptors::{CatchPanic, ErrorToStatus},
};
use grpc_interceptor_benches::{Case, Figures, measure, run};
use grpc_interceptor_proto::bare::{
    Word,
    bare_server::{Bare, BareServer},
};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{Body as _, Service, http},
};

fn echo(request: Request<Word>) -> Response<Word> {
    Response::new(request.into_inner())
}

struct Tonic;

#[tonic::async_trait]
impl Bare for Tonic {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(echo(request))
    }
}

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

macro_rules! service {
    ($name:ident, $error:ty, [$($entries:tt)*]) => {
        struct $name;

        #[intercepted($($entries)*)]
        impl Bare for $name {
            async fn call(&self, request: Request<Word>) -> Result<Response<Word>, $error> {
                Ok(echo(request))
            }
        }
    };
}

type AnyError = Box<dyn Error + Send + Sync>;

service!(NoInterceptor, Status, []);
service!(OwnError, AnyError, []);
service!(Pass, Status, [pass]);
service!(Errors, AnyError, [ErrorToStatus::new()]);
service!(
    MappedErrors,
    AnyError,
    [ErrorToStatus::new().map(|_, _| None).map(|_, _| None).on_unknown(Code::Internal)]
);
service!(Panics, Status, [CatchPanic::new()]);
service!(Both, AnyError, [CatchPanic::new().on_panic(|_, _| {}), ErrorToStatus::new()]);

/// One call, from the request as HTTP has it to the last frame of the response.
fn call<S>(server: &mut S)
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    let request = http::Request::post("/Bare/Call")
        .body(Body::new("\0\0\0\0\x05\n\x03you".to_owned()))
        .expect("the request is well-formed");
    run(async {
        let Ok(response) = server.call(request).await;
        let mut body = pin!(response.into_body());
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.expect("the response is whole");
            if let Some(data) = frame.data_ref() {
                assert_eq!(black_box(data).len(), 10, "it is the echo");
            }
        }
    });
}

fn case<B: Bare>(name: &'static str, service: B) -> Case<'static> {
    let mut server = BareServer::new(service);
    Case::new(name, move || call(&mut server))
}

fn main() {
    let figures = measure(vec![
        case("tonic alone", Tonic),
        case("`#[intercepted]`, no interceptor", NoInterceptor),
        case("the same, its handler with `Box<dyn Error>`", OwnError),
        case("an async fn that does nothing", Pass),
        case("`ErrorToStatus`", Errors),
        case("`ErrorToStatus` with two mappers", MappedErrors),
        case("`CatchPanic`", Panics),
        case("`CatchPanic` and `ErrorToStatus`", Both),
    ]);
    let alone = &figures[0];
    println!(
        "| unary call, in process | ns, fastest | beside tonic | ns, median | beside tonic | allocations | beside tonic |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for Figures { name, fastest, median, allocations, .. } in &figures {
        println!(
            "| {name} | {fastest:.0} | {:+.0} | {median:.0} | {:+.0} | {allocations} | {:+} |",
            fastest - alone.fastest,
            median - alone.median,
            allocations.cast_signed() - alone.allocations.cast_signed(),
        );
    }
}
