//! `#[async_trait]`, `#[instrument]`, lints, docs, `#[cfg]`, and patterns in arguments.

use grpc_interceptor::{Context, intercepted};
use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest, greeter_server::Greeter,
};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    Seen, check_greeter,
    handlers::{self, Replies},
};

struct Attributed(Seen);

/// The impl has documentation.
#[intercepted(self.0)]
#[allow(clippy::unused_async)]
#[tonic::async_trait]
impl Greeter for Attributed {
    /// So does a handler.
    #[tracing::instrument(skip_all, fields(length))]
    #[allow(unused_variables)]
    async fn say_hello(
        &self,
        mut request: Request<HelloRequest>,
        context: Context,
    ) -> Result<Response<HelloReply>, Status> {
        let unused = 1;
        request.get_mut().name.push(' ');
        let length = request.get_ref().name.trim_end().len();
        request.get_mut().name.truncate(length);
        return handlers::echo(request);
    }

    async fn greet_everybody(
        &self,
        _request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::join(_request).await
    }

    /// So does a stream.
    type GreetManyTimesStream = Replies;

    #[cfg(any())]
    async fn greet_many_times(&self, request: Request<Missing>) -> Missing {
        missing()
    }

    #[cfg(not(any()))]
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        handlers::repeat(request)
    }

    type ChatStream = Replies;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
        Context { .. }: Context,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let request = Ok::<_, Status>(request)?;
        handlers::echo_each(request)
    }
}

#[tokio::test]
async fn attributes_and_patterns_are_kept() {
    let seen = Seen::default();
    check_greeter!(greeter, Attributed(seen.clone()), seen);
}

/// With the `async_trait` crate's own attribute, renamed.
mod renamed {
    use async_trait::async_trait;

    use super::{
        GreetManyTimesRequest, Greeter, HelloReply, HelloRequest, Replies, Request, Response, Seen,
        Status, Streaming, check_greeter, handlers, intercepted,
    };

    struct Renamed(Seen);

    #[intercepted(self.0)]
    #[async_trait]
    impl Greeter for Renamed {
        async fn say_hello(
            &self,
            request: Request<HelloRequest>,
        ) -> Result<Response<HelloReply>, Status> {
            handlers::echo(request)
        }

        async fn greet_everybody(
            &self,
            request: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<HelloReply>, Status> {
            handlers::join(request).await
        }

        type GreetManyTimesStream = Replies;

        async fn greet_many_times(
            &self,
            request: Request<GreetManyTimesRequest>,
        ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
            handlers::repeat(request)
        }

        type ChatStream = Replies;

        async fn chat(
            &self,
            request: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<Self::ChatStream>, Status> {
            handlers::echo_each(request)
        }
    }

    #[tokio::test]
    async fn async_trait_can_be_below() {
        let seen = Seen::default();
        check_greeter!(greeter, Renamed(seen.clone()), seen);
    }
}
