//! A handler with a large future doesn't overflow a thread's stack, no matter how many interceptors
//! are around it.

mod support;

use std::{hint::black_box, sync::Arc, thread};

use grpc_interceptor::{Context, Next, Outcome, intercepted};
use grpc_interceptor_proto::{arc_self::greeter_server as arc, default_stubs::greeter_server};
use support::{BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest, reply};
use tokio::task::yield_now;
use tonic::{Request, Response, Status, Streaming};

type Answer = Result<Response<HelloReply>, Status>;

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// Holds 64 KiB across an await.
async fn answer(request: Request<HelloRequest>) -> Answer {
    let buffer = [1_u8; 64 * 1024];
    yield_now().await;
    let message = format!("{} {}", request.into_inner().name, black_box(&buffer).len());
    Ok(Response::new(reply(message)))
}

/// An impl with sixteen interceptors.
macro_rules! sixteen {
    ($($item:tt)*) => {
        #[intercepted(
            pass, pass, pass, pass, pass, pass, pass, pass, //
            pass, pass, pass, pass, pass, pass, pass, pass,
        )]
        $($item)*
    };
}

struct Plain;

sixteen! {
    impl greeter_server::Greeter for Plain {
        async fn say_hello(&self, request: Request<HelloRequest>) -> Answer {
            answer(request).await
        }
    }
}

struct WithContext;

sixteen! {
    impl greeter_server::Greeter for WithContext {
        async fn say_hello(&self, request: Request<HelloRequest>, context: Context) -> Answer {
            assert_eq!(context.method_name().method(), "SayHello");
            answer(request).await
        }
    }
}

struct InAnArc;

sixteen! {
    impl arc::Greeter for InAnArc {
        async fn say_hello(self: Arc<Self>, request: Request<HelloRequest>) -> Answer {
            answer(request).await
        }

        async fn greet_everybody(self: Arc<Self>, _: Request<Streaming<HelloRequest>>) -> Answer {
            Err(Status::unimplemented("it is never called"))
        }

        type GreetManyTimesStream = BoxStream<HelloReply>;

        async fn greet_many_times(
            self: Arc<Self>,
            _: Request<GreetManyTimesRequest>,
        ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
            Err(Status::unimplemented("it is never called"))
        }

        type ChatStream = BoxStream<HelloReply>;

        async fn chat(
            self: Arc<Self>,
            _: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<Self::ChatStream>, Status> {
            Err(Status::unimplemented("it is never called"))
        }
    }
}

/// The size of its handler's future depends on the type parameter.
struct Generic<T>(T);

sixteen! {
    impl<T: ToString + Send + Sync + 'static> greeter_server::Greeter for Generic<T> {
        async fn say_hello(&self, request: Request<HelloRequest>) -> Answer {
            assert_eq!(self.0.to_string(), "7");
            answer(request).await
        }
    }
}

/// Runs a future on a stack of the size that tokio's threads have.
fn assert_runs<F: Future<Output = Answer>>(
    call: impl FnOnce(Request<HelloRequest>) -> F + Send + 'static,
) {
    let run = || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("it needs nothing");
        let request = Request::new(HelloRequest { name: "Ada".to_owned() });
        runtime.block_on(call(request)).expect("it answers").into_inner().message
    };
    let thread = thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run);
    assert_eq!(thread.expect("there are threads").join().expect("it runs"), "Ada 65536");
}

#[test]
fn of_an_impl() {
    assert_runs(|request| greeter_server::Greeter::say_hello(&Plain, request));
}

#[test]
fn with_a_context() {
    assert_runs(|request| greeter_server::Greeter::say_hello(&WithContext, request));
}

#[test]
fn in_an_arc() {
    assert_runs(|request| arc::Greeter::say_hello(Arc::new(InAnArc), request));
}

#[test]
fn of_a_generic_impl() {
    assert_runs(|request| greeter_server::Greeter::say_hello(&Generic(7), request));
}
