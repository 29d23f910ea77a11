//! A greeter whose handlers report each attempt, and fail the first ones.

use tokio::sync::mpsc::UnboundedReceiver;
use tonic::Code;

use crate::{
    interceptors::{Attempt, Tag},
    support::{Answer, plain_answers},
};

/// The greeter, with these interceptors around its handlers.
macro_rules! watching {
    ($greeter:ident, [$($entries:tt)*]) => {
        pub(crate) struct $greeter {
            pub(crate) watch: $crate::interceptors::Watch,
        }

        #[::grpc_interceptor::intercepted($($entries)*)]
        impl ::grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            async fn say_hello(
                &self,
                request: ::tonic::Request<$crate::support::HelloRequest>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                self.watch.see(::grpc_interceptor::RpcKind::Unary, &request)?;
                $crate::support::say_hello(request).await
            }

            async fn greet_everybody(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                self.watch.see(::grpc_interceptor::RpcKind::ClientStreaming, &request)?;
                $crate::support::greet_everybody(request).await
            }

            type GreetManyTimesStream = ::tonic::codegen::BoxStream<$crate::support::HelloReply>;

            async fn greet_many_times(
                &self,
                request: ::tonic::Request<$crate::support::GreetManyTimesRequest>,
            ) -> Result<::tonic::Response<Self::GreetManyTimesStream>, ::tonic::Status> {
                self.watch.see(::grpc_interceptor::RpcKind::ServerStreaming, &request)?;
                $crate::support::greet_many_times(request).await
            }

            type ChatStream = ::tonic::codegen::BoxStream<$crate::support::HelloReply>;

            async fn chat(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<Self::ChatStream>, ::tonic::Status> {
                self.watch.see(::grpc_interceptor::RpcKind::Bidirectional, &request)?;
                $crate::support::chat(request).await
            }
        }
    };
}
pub(crate) use watching;

/// For calls whose first two attempts fail: a single message is answered at the third attempt, and
/// a stream was sent once. All attempts have the same content.
pub(crate) fn assert_sent_again_or_once(
    answers: &[Answer; 4],
    told: &mut UnboundedReceiver<Attempt>,
    tag: Option<Tag>,
) {
    for (answer, plain) in answers.iter().zip(plain_answers("you")) {
        let kind = answer.kind;
        let count = if kind.is_client_streaming() {
            assert_eq!(answer.status().code(), Code::Unavailable, "{kind:?}");
            1
        } else {
            assert_eq!(answer.messages(), plain, "{kind:?}");
            3
        };
        for _ in 0..count {
            let attempt = told.try_recv().expect("there is one more attempt");
            assert_eq!(attempt, Attempt::marked(kind, tag));
        }
    }
    told.try_recv().expect_err("there are no more attempts");
}
