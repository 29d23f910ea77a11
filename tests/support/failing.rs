//! A greeter whose handlers return a custom error with `?`, as do their streams.

use std::pin::Pin;

use grpc_interceptor::Error;
use tokio_stream::Stream;
use tonic::Status;

use super::{HelloReply, reply};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No status was chosen for this error, and its text isn't for the caller.
    #[error("the password is {0}")]
    Secret(&'static str),
    /// Returned by lower-level code.
    #[error("while greeting")]
    Raised(#[from] Error),
    #[error("a status")]
    Status(#[from] Status),
}

pub(crate) type Failures = Pin<Box<dyn Stream<Item = Result<HelloReply, Failure>> + Send>>;

/// Names that aren't greeted.
pub(crate) const SECRET: &str = "secret";
pub(crate) const RAISED: &str = "raised";
pub(crate) const ABORTED: &str = "aborted";
pub(crate) const OK: &str = "ok";

pub(crate) fn greet(name: &str) -> Result<HelloReply, Failure> {
    match name {
        SECRET => Err(Failure::Secret("swordfish")),
        RAISED => Err(Error::not_found("Sorry, your thing is missing"))?,
        ABORTED => Err(aborted())?,
        OK => Err(Status::ok("all is well"))?,
        name => Ok(reply(format!("Hello {name}"))),
    }
}

fn aborted() -> Status {
    let mut status = Status::aborted("somebody was faster");
    status.metadata_mut().insert("by", "handler".parse().expect("it is plain text"));
    status
}

/// [`greet`]s in each of the four kinds, with these interceptors around it. The server streams send
/// one greeting before they fail.
macro_rules! failing {
    ($greeter:ident, [$($entries:tt)*]) => {
        #[::grpc_interceptor::intercepted($($entries)*)]
        impl ::grpc_interceptor_proto::greeter::greeter_server::Greeter for $greeter {
            async fn say_hello(
                &self,
                request: ::tonic::Request<$crate::support::HelloRequest>,
            ) -> Result<
                ::tonic::Response<$crate::support::HelloReply>,
                $crate::support::failing::Failure,
            > {
                let reply = $crate::support::failing::greet(&request.into_inner().name)?;
                Ok(::tonic::Response::new(reply))
            }

            async fn greet_everybody(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<
                ::tonic::Response<$crate::support::HelloReply>,
                $crate::support::failing::Failure,
            > {
                let mut names = Vec::new();
                let mut requests = request.into_inner();
                while let Some(request) = requests.message().await? {
                    $crate::support::failing::greet(&request.name)?;
                    names.push(request.name);
                }
                let reply = $crate::support::failing::greet(&names.join(" and "))?;
                Ok(::tonic::Response::new(reply))
            }

            type GreetManyTimesStream = $crate::support::failing::Failures;

            async fn greet_many_times(
                &self,
                request: ::tonic::Request<$crate::support::GreetManyTimesRequest>,
            ) -> Result<
                ::tonic::Response<Self::GreetManyTimesStream>,
                $crate::support::failing::Failure,
            > {
                let $crate::support::GreetManyTimesRequest { name, times } = request.into_inner();
                if times == 0 {
                    $crate::support::failing::greet(&name)?;
                }
                let replies = (0..times).map(move |time| {
                    if time > 0 {
                        $crate::support::failing::greet(&name)?;
                    }
                    Ok($crate::support::reply(format!("Hello {name} {time}")))
                });
                Ok(::tonic::Response::new(Box::pin(::tokio_stream::iter(replies))))
            }

            type ChatStream = $crate::support::failing::Failures;

            async fn chat(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$crate::support::HelloRequest>>,
            ) -> Result<
                ::tonic::Response<Self::ChatStream>,
                $crate::support::failing::Failure,
            > {
                let replies = ::tokio_stream::StreamExt::map(request.into_inner(), |request| {
                    $crate::support::failing::greet(&request?.name)
                });
                Ok(::tonic::Response::new(Box::pin(replies)))
            }
        }
    };
}
pub(crate) use failing;
