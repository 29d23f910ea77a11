//! The impls that people actually write. Half of each module's test is that it compiles; the other
//! half is that all its RPCs answer, and that an interceptor saw their names and kinds.

mod aliases;
mod arc_self;
mod attributes;
mod cfg_and_self;
mod custom_codec;
mod default_stubs;
mod generics;
mod handlers;
mod handlers_called_alone;
mod macro_rules;
mod no_prelude;
mod odd_names;
mod paths;
mod private_types;
mod shadowed;

use std::sync::{Arc, Mutex};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind};
use tonic::Request;

/// An interceptor that records what it saw, in call order.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<(&'static str, RpcKind)>>>);

impl Seen {
    pub fn take(&self) -> Vec<(&'static str, RpcKind)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<N: Next> Interceptor<N> for Seen {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        self.0.lock().unwrap().push((context.method_name().path(), context.kind()));
        next.run(request).await
    }
}

/// Calls all four RPCs of any module's greeter that answers with the names it receives, and checks
/// the answers and what the interceptor saw.
macro_rules! check_greeter {
    ($module:ident, $service:expr, $seen:expr) => {{
        use ::grpc_interceptor_proto::{
            greeter::{GreetManyTimesRequest, HelloRequest},
            $module::{greeter_client::GreeterClient, greeter_server::GreeterServer},
        };
        use ::tokio_stream::StreamExt as _;

        let hello = |name: &str| HelloRequest { name: name.to_owned() };
        let mut client = GreeterClient::new(GreeterServer::new($service));

        let reply = client.say_hello(hello("a")).await.unwrap().into_inner();
        assert_eq!(reply.message, "a");

        let requests = ::tokio_stream::iter([hello("a"), hello("b")]);
        let reply = client.greet_everybody(requests).await.unwrap().into_inner();
        assert_eq!(reply.message, "ab");

        let request = GreetManyTimesRequest { name: "a".to_owned(), times: 3 };
        let replies = client.greet_many_times(request).await.unwrap().into_inner();
        let replies: Vec<_> = replies.map(|reply| reply.unwrap().message).collect().await;
        assert_eq!(replies, ["a", "a", "a"]);

        let requests = ::tokio_stream::iter([hello("a"), hello("b")]);
        let replies = client.chat(requests).await.unwrap().into_inner();
        let replies: Vec<_> = replies.map(|reply| reply.unwrap().message).collect().await;
        assert_eq!(replies, ["a", "b"]);

        use ::grpc_interceptor::RpcKind;
        assert_eq!(
            $seen.take(),
            [
                ("/greeter.v1.Greeter/SayHello", RpcKind::Unary),
                ("/greeter.v1.Greeter/GreetEverybody", RpcKind::ClientStreaming),
                ("/greeter.v1.Greeter/GreetManyTimes", RpcKind::ServerStreaming),
                ("/greeter.v1.Greeter/Chat", RpcKind::Bidirectional),
            ]
        );
    }};
}
pub(crate) use check_greeter;
