//! A greeter whose streams end with trailing metadata, and what a caller receives.

use grpc_interceptor::trailers;
use tokio_stream::Iter;
use tonic::{Code, Status, Streaming, metadata::MetadataMap};

use crate::support::{HelloReply, reply, soon, values};

/// Names for which a stream is different.
pub(crate) const FAILS: &str = "fails";
pub(crate) const BARE: &str = "bare";

/// The greeter's own type, so that a stream that no interceptor touched goes to tonic unchanged.
pub(crate) type Replies = Iter<std::vec::IntoIter<Result<HelloReply, Status>>>;

pub(crate) fn metadata(key: &'static str, value: &str) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert(key, value.parse().expect("it is ASCII"));
    metadata
}

/// Two messages, and an end that depends on the name.
pub(crate) fn replies(name: &str) -> Replies {
    let mut items = vec![Ok(reply("one")), Ok(reply("two"))];
    match name {
        FAILS => items.push(Err(Status::with_metadata(
            Code::Aborted,
            "somebody was faster",
            metadata("from", "handler"),
        ))),
        BARE => {}
        _ => items.push(Err(trailers(metadata("from", "handler")))),
    }
    tokio_stream::iter(items)
}

/// The greeter, with these interceptors around its handlers.
macro_rules! trailing {
    ($greeter:ident { $($field:ident: $type:ty),* }, [$($entries:tt)*]) => {
        pub(crate) struct $greeter {
            $(pub(crate) $field: $type,)*
        }

        #[::grpc_interceptor::intercepted($($entries)*)]
        impl ::grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            /// A single message has no trailing metadata.
            async fn say_hello(
                &self,
                request: ::tonic::Request<$crate::support::HelloRequest>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                $crate::support::say_hello(request).await
            }

            async fn greet_everybody(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<$crate::support::HelloReply>, ::tonic::Status> {
                $crate::support::greet_everybody(request).await
            }

            type GreetManyTimesStream = $crate::greeter::Replies;

            async fn greet_many_times(
                &self,
                request: ::tonic::Request<$crate::support::GreetManyTimesRequest>,
            ) -> Result<::tonic::Response<Self::GreetManyTimesStream>, ::tonic::Status> {
                Ok(::tonic::Response::new($crate::greeter::replies(&request.get_ref().name)))
            }

            type ChatStream = ::tonic::codegen::BoxStream<$crate::support::HelloReply>;

            async fn chat(
                &self,
                mut request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<::tonic::Response<Self::ChatStream>, ::tonic::Status> {
                let mut last = String::new();
                while let Some(request) = request.get_mut().message().await? {
                    last = request.name;
                }
                Ok(::tonic::Response::new(Box::pin($crate::greeter::replies(&last))))
            }
        }
    };
}
pub(crate) use trailing;

/// What a caller receives of a response stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) messages: Vec<String>,
    pub(crate) end: Code,
    /// The values of `from` in the trailing metadata.
    pub(crate) from: Vec<String>,
}

impl Got {
    pub(crate) fn of(messages: &[&str], end: Code, from: &[&str]) -> Self {
        let [messages, from] = [messages, from].map(|it| it.iter().map(ToString::to_string));
        Got { messages: messages.collect(), end, from: from.collect() }
    }

    /// What the greeter sends, with nothing in between.
    pub(crate) fn plain() -> Self {
        Got::of(&["one", "two"], Code::Ok, &["handler"])
    }
}

fn owned(values: Vec<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}

pub(crate) async fn got(mut stream: Streaming<HelloReply>) -> Got {
    let mut messages = Vec::new();
    let end = loop {
        match soon(stream.message()).await {
            Ok(Some(HelloReply { message })) => messages.push(message),
            end => break end,
        }
    };
    match end {
        Ok(_) => {
            let trailers = soon(stream.trailers()).await.expect("it completed").unwrap_or_default();
            Got { messages, end: Code::Ok, from: owned(values(&trailers, "from")) }
        }
        Err(status) => {
            let from = owned(values(status.metadata(), "from"));
            Got { messages, end: status.code(), from }
        }
    }
}

/// What both RPCs with a response stream yield: every client has these methods.
macro_rules! got_of_both {
    ($client:expr, $name:expr) => {{
        let (client, name) = ($client, $name);
        let response = $crate::support::soon(client.greet_many_times(many(name, 2))).await;
        let one = $crate::greeter::got(response.expect("it starts").into_inner()).await;
        let names = tokio_stream::iter([hello(name)]);
        let response = $crate::support::soon(client.chat(names)).await;
        [one, $crate::greeter::got(response.expect("it starts").into_inner()).await]
    }};
}
pub(crate) use got_of_both;
