//! A single response message has no trailing metadata on success, and an error with the code `OK`
//! becomes `UNKNOWN`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _, intercepted, interceptors::List, trailers,
};
use grpc_interceptor_proto::default_stubs::greeter_server as stubs;
use tonic::{Code, Request, Response, Status};

use crate::{
    greeter::{metadata, trailing},
    interceptors::{End, Ends, Look},
    support::{
        BoxStream, GeneratedServer, GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest,
        call_each, call_each_through, connect, events, hello, many, next, soon,
    },
};

/// Its errors have the code `OK`.
macro_rules! fine {
    ($greeter:ident, [$($entries:tt)*]) => {
        struct $greeter;

        #[intercepted($($entries)*)]
        impl stubs::Greeter for $greeter {
            async fn say_hello(
                &self,
                _: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                Err(trailers(metadata("from", "handler")))
            }

            async fn greet_many_times(
                &self,
                _: Request<GreetManyTimesRequest>,
            ) -> Result<Response<BoxStream<HelloReply>>, Status> {
                Err(trailers(metadata("from", "handler")))
            }
        }
    };
}

fine!(Bare, []);
fine!(Looking, [Look]);

async fn assert_unknown(server: impl GeneratedServer) {
    let mut client = connect(server).await;
    let unary = soon(client.say_hello(hello("you"))).await.map(drop);
    let stream = soon(client.greet_many_times(many("you", 1))).await.map(drop);
    for outcome in [unary, stream] {
        assert_eq!(outcome.expect_err("there is no response").code(), Code::Unknown);
    }
}

#[tokio::test]
async fn an_error_with_the_code_ok_is_unknown() {
    assert_unknown(stubs::GreeterServer::new(Bare)).await;
    assert_unknown(stubs::GreeterServer::new(Looking)).await;
    assert_unknown(stubs::GreeterServer::with_interceptors(Bare, Look)).await;
    let list = List::from_iter([Look]);
    assert_unknown(stubs::GreeterServer::with_interceptors(Bare, list)).await;
}

/// Counts how often there is trailing metadata to change.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let count = self.0.clone();
        Ok(next.run(request).await?.map(|payload| {
            payload.map_trailers(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
        }))
    }
}

trailing!(Plain {}, []);

#[tokio::test]
async fn a_single_message_has_none_to_change() {
    let [on_the_server, on_the_client] = [Count::default(), Count::default()];
    let list = List::from_iter([on_the_server.clone()]);
    let server = GreeterServer::with_interceptors(Plain {}, (on_the_server.clone(), list));
    let mut client = connect(server).await;
    call_each(&mut client, "you").await;
    // Twice for each of the two streams.
    assert_eq!(on_the_server.0.load(Ordering::SeqCst), 4);
    call_each_through(&mut client.through(on_the_client.clone()), "you").await;
    assert_eq!(on_the_client.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_single_messages_end_reports_none() {
    let (sender, mut told) = events();
    let server = GreeterServer::with_interceptors(Plain {}, Ends(sender));
    let mut client = connect(server).await;
    soon(client.say_hello(hello("you"))).await.expect("you are greeted");
    assert_eq!(next(&mut told).await, End { code: Code::Ok, from: None });
}
