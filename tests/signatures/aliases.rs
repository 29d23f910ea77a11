//! An alias for every type in every signature, with and without arguments.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest, greeter_server::Greeter,
};
use tonic::{Request, Response, Status};

use crate::{
    Seen, check_greeter,
    handlers::{self, Replies},
};

type Result<T> = std::result::Result<Response<T>, Status>;
type Streaming<T> = Request<tonic::Streaming<T>>;
type ReplyStream = Replies;
// These don't show that they contain streams.
type Chatting = Request<tonic::Streaming<HelloRequest>>;
type Many = Result<Replies>;
type Hello = Request<HelloRequest>;

struct Aliased(Seen);

#[intercepted(self.0)]
impl Greeter for Aliased {
    async fn say_hello(&self, request: Hello) -> Result<HelloReply> {
        handlers::echo(request)
    }

    async fn greet_everybody(&self, request: Streaming<HelloRequest>) -> Result<HelloReply> {
        handlers::join(request).await
    }

    type GreetManyTimesStream = ReplyStream;

    async fn greet_many_times(&self, request: Request<GreetManyTimesRequest>) -> Many {
        handlers::repeat(request)
    }

    type ChatStream = ReplyStream;

    async fn chat(&self, request: Chatting) -> Result<Self::ChatStream> {
        handlers::echo_each(request)
    }
}

#[tokio::test]
async fn signatures_can_use_aliases() {
    let seen = Seen::default();
    check_greeter!(greeter, Aliased(seen.clone()), seen);
}
