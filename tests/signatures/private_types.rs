//! A handler of a public type can return a private error.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::{
    default_stubs::greeter_server,
    greeter::{HelloReply, HelloRequest},
};
use tonic::{Request, Response};

use crate::Seen;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("nobody is there")]
    Nobody,
}

pub struct Public(pub Seen);

#[intercepted(self.0)]
impl greeter_server::Greeter for Public {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Failure> {
        match request.into_inner().name.as_str() {
            "" => Err(Failure::Nobody),
            name => Ok(Response::new(HelloReply { message: name.to_owned() })),
        }
    }
}

#[tokio::test]
async fn it_becomes_unknown() {
    use greeter_server::Greeter as _;

    let service = Public(Seen::default());
    let status = service.say_hello(Request::new(HelloRequest::default())).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unknown);
    assert!(std::error::Error::source(&status).unwrap().is::<Failure>());
}

/// A type that is public to others has the error as well.
pub mod nested {
    use super::{
        Failure, HelloReply, HelloRequest, Request, Response, Seen, greeter_server, intercepted,
    };

    #[derive(Default)]
    pub(crate) struct InTheCrate(Seen);

    #[intercepted(self.0)]
    impl greeter_server::Greeter for InTheCrate {
        async fn say_hello(
            &self,
            _: Request<HelloRequest>,
        ) -> Result<Response<HelloReply>, Failure> {
            Err(Failure::Nobody)
        }
    }
}
