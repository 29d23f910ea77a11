//! A service that tonic generated with `use_arc_self`.

use std::sync::Arc;

use grpc_interceptor::{Context, Detach, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::{
    arc_self::greeter_server,
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest},
};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    Seen, check_greeter,
    handlers::{self, Replies},
};

struct Shared {
    seen: Seen,
}

impl Shared {
    const NOTHING: () = ();

    fn nothing(&self) -> impl Copy + use<> {}
}

/// A service in an `Arc` can be shared with a task.
struct Detaching;

impl<N: Next + Detach> Interceptor<N> for Detaching {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tokio::spawn(next.detach().run(request)).await.expect("it doesn't panic")
    }
}

#[intercepted(self.seen, Detaching, Self::NOTHING, Some(self.seen.clone()).filter(|_| false))]
impl greeter_server::Greeter for Shared {
    async fn say_hello(
        self: Arc<Self>,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        // The purpose of `Arc<Self>`: the service outlives the call.
        let this = Arc::clone(&self);
        tokio::spawn(async move {
            this.nothing();
            handlers::echo(request)
        })
        .await
        .map_err(|error| Status::internal(error.to_string()))?
    }

    async fn greet_everybody(
        self: Arc<Self>,
        request: Request<Streaming<HelloRequest>>,
        context: Context,
    ) -> Result<Response<HelloReply>, Status> {
        assert_eq!(context.method_name().method(), "GreetEverybody");
        handlers::join(request).await
    }

    type GreetManyTimesStream = Replies;

    async fn greet_many_times(
        self: std::sync::Arc<Self>,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        handlers::repeat(request)
    }

    type ChatStream = Replies;

    async fn chat(
        self: Arc<Self>,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        handlers::echo_each(request)
    }
}

#[tokio::test]
async fn handlers_can_take_an_arc() {
    let seen = Seen::default();
    check_greeter!(arc_self, Shared { seen: seen.clone() }, seen);
}
