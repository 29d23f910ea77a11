//! An interceptor on a unary call costs no heap allocation: a call through a chain of ten allocates
//! as often as a call without interceptors. A chain passed to `with_interceptors` adds a single
//! allocation; a run-time list adds one for each interceptor.

use std::{
    convert::Infallible,
    error::Error,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as TaskContext, Poll, Waker},
};

use allocation_counter::AllocationInfo;
use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, intercepted,
    interceptors::{CatchPanic, ErrorToStatus, List, Rpcz, when},
};
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::{HelloReply, HelloRequest},
};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{Body as _, Service, http},
};

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Does something before and after the rest of the chain.
async fn look<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    assert_eq!(context.method_name().method(), "SayHello");
    assert!(request.metadata().is_empty());
    let outcome = next.run(request).await;
    assert!(outcome.is_ok());
    outcome
}

/// Stateful and stateless interceptors.
#[derive(Default)]
struct Pass {
    refuse: bool,
}

struct Unit;

impl<N: Next> Interceptor<N> for Pass {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match self.refuse {
            true => Err(Status::permission_denied("refused")),
            false => next.run(request).await,
        }
    }
}

impl<N: Next> Interceptor<N> for Unit {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

fn answer(request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
    Ok(Response::new(HelloReply { message: request.into_inner().name }))
}

/// Plain tonic, without the macro.
struct Bare;

#[tonic::async_trait]
impl Greeter for Bare {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        answer(request)
    }
}

macro_rules! greeter {
    ($greeter:ident, [$($entries:tt)*]) => {
        #[derive(Default)]
        #[allow(dead_code, reason = "not every chain has one with state")]
        struct $greeter {
            pass: Pass,
        }

        #[intercepted($($entries)*)]
        impl Greeter for $greeter {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                answer(request)
            }
        }
    };
}

greeter!(Fns0, []);
greeter!(Fns1, [look]);
greeter!(Fns5, [look, pass, pass, pass, look]);
greeter!(Fns10, [look, pass, pass, pass, pass, pass, pass, pass, pass, look]);
greeter!(Structs1, [self.pass]);
greeter!(Structs5, [self.pass, Unit, self.pass, Unit, self.pass]);
greeter!(
    Structs10,
    [self.pass, Unit, self.pass, Unit, self.pass, Unit, self.pass, Unit, self.pass, Unit]
);
greeter!(Combined, [(look, Unit, look), Some(Unit), Pass { refuse: false }, None::<Unit>]);

greeter!(Errors, [ErrorToStatus::new()]);
greeter!(
    MappedErrors,
    [ErrorToStatus::new().on_unknown(Code::Internal).map(|_, _| None).map(|_, _| None)]
);
greeter!(Panics, [CatchPanic::new()]);
greeter!(ErrorsAndPanics, [CatchPanic::new().on_panic(|_, _| {}), ErrorToStatus::new()]);

/// A handler that returns a custom error type.
struct OwnError;

#[intercepted(ErrorToStatus::new())]
impl Greeter for OwnError {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Box<dyn Error + Send + Sync>> {
        Ok(answer(request)?)
    }
}

async fn boxed<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let next: Pin<Box<dyn Future<Output = Outcome<N>> + Send + '_>> = Box::pin(next.run(request));
    next.await
}

greeter!(Boxed, [boxed]);

/// Measures what one call allocates in a generated server, in process: from the HTTP request to the
/// last frame of the response.
fn measure<S>(mut server: S) -> AllocationInfo
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    let mut call = || {
        // A framed `HelloRequest` whose name is "you".
        let request = http::Request::post("/greeter.v1.Greeter/SayHello")
            .body(Body::new("\0\0\0\0\x05\n\x03you".to_owned()))
            .expect("the request is well-formed");
        let mut bytes = Vec::<u8>::with_capacity(64);
        let info = allocation_counter::measure(|| {
            ready(async {
                let Ok(response) = server.call(request).await;
                let mut body = pin!(response.into_body());
                while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
                    let frame = frame.expect("the response is complete");
                    bytes.extend(frame.data_ref().into_iter().flatten());
                }
            });
        });
        assert_eq!(bytes, b"\0\0\0\0\x05\n\x03you", "the handler answers with the name");
        info
    };
    // The first call may allocate lasting state.
    call();
    call()
}

/// Runs a future that is always ready.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the call waits for something"),
    }
}

#[test]
fn an_interceptor_allocates_nothing() {
    let bare = measure(GreeterServer::new(Bare));
    println!("tonic alone: {} allocations, {} bytes", bare.count_total, bare.bytes_total);
    for (chain, measured) in [
        ("no interceptor", measure(GreeterServer::new(Fns0::default()))),
        ("1 fn", measure(GreeterServer::new(Fns1::default()))),
        ("5 fns", measure(GreeterServer::new(Fns5::default()))),
        ("10 fns", measure(GreeterServer::new(Fns10::default()))),
        ("1 struct", measure(GreeterServer::new(Structs1::default()))),
        ("5 structs", measure(GreeterServer::new(Structs5::default()))),
        ("10 structs", measure(GreeterServer::new(Structs10::default()))),
        ("tuples and options", measure(GreeterServer::new(Combined::default()))),
        ("ErrorToStatus", measure(GreeterServer::new(Errors::default()))),
        ("ErrorToStatus with mappers", measure(GreeterServer::new(MappedErrors::default()))),
        ("CatchPanic", measure(GreeterServer::new(Panics::default()))),
        ("both", measure(GreeterServer::new(ErrorsAndPanics::default()))),
        ("an error of its own", measure(GreeterServer::new(OwnError))),
    ] {
        println!("{chain}: {} allocations, {} bytes", measured.count_total, measured.bytes_total);
        assert_eq!(measured.count_total, bare.count_total, "{chain}");
    }
}

#[test]
fn a_chain_in_with_interceptors_allocates_once() {
    let bare = measure(GreeterServer::new(Bare));
    let pass = Pass::default;
    let five = || (pass(), pass(), Some(pass()), when(|_| true, pass()), Arc::new(pass()));
    for (chain, measured) in [
        ("no interceptor", measure(GreeterServer::with_interceptors(Bare, ()))),
        ("1", measure(GreeterServer::with_interceptors(Bare, pass()))),
        ("5", measure(GreeterServer::with_interceptors(Bare, five()))),
        ("10", measure(GreeterServer::with_interceptors(Bare, (five(), five())))),
        ("an empty list", measure(GreeterServer::with_interceptors(Bare, List::new()))),
    ] {
        println!("{chain}: {} allocations, {} bytes", measured.count_total, measured.bytes_total);
        assert_eq!(measured.count_total, bare.count_total + 1, "{chain}");
    }
}

/// Some of the first calls become samples, as does one call per second.
#[test]
fn a_page_allocates_nothing_once_its_buffers_exist() {
    let none = measure(GreeterServer::with_interceptors(Bare, ()));
    let rpcz = Rpcz::new();
    let call = || measure(GreeterServer::with_interceptors(Bare, rpcz.clone())).count_total;
    let calls: Vec<_> = (0..1000).map(|_| call()).collect();
    let as_none = calls.iter().filter(|count| **count == none.count_total).count();
    println!("{as_none} of {} calls allocate nothing for the page", calls.len());
    assert!(as_none > 950, "{calls:?}");
}

/// As its documentation says.
#[test]
fn a_run_time_list_allocates_for_each_interceptor() {
    let none = measure(GreeterServer::with_interceptors(Bare, ()));
    for length in [1, 5, 10] {
        let list: List = (0..length).map(|_| Pass::default()).collect();
        let measured = measure(GreeterServer::with_interceptors(Bare, list));
        println!("{length}: {} allocations, {} bytes", measured.count_total, measured.bytes_total);
        assert_eq!(measured.count_total, none.count_total + length + 3);
    }
}

/// Checks the measurement itself: a box per call is counted, so a chain that allocated one would
/// fail the tests.
#[test]
fn a_boxed_interceptor_is_counted() {
    let bare = measure(GreeterServer::new(Bare));
    let boxed = measure(GreeterServer::new(Boxed::default()));
    assert_eq!(boxed.count_total, bare.count_total + 1);
}
