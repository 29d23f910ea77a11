//! An error's rich details reach the caller, no matter where it was raised.

#![cfg(feature = "tonic-types")]

mod support;

use grpc_interceptor::{Context, Error, Next, Outcome};
use support::{GreeterServer, call_each, connect, failing::failing};
use tonic::{Code, Request};
use tonic_types::{ErrorDetails, StatusExt as _};

async fn refuse<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    let details = ErrorDetails::with_bad_request_violation("name", "it is too long");
    Err(Error::invalid_argument("no good name").with_error_details(details))?
}

struct Refusing;

failing!(Refusing, [refuse]);

#[tokio::test]
async fn rich_details_reach_the_caller() {
    let mut client = connect(GreeterServer::new(Refusing)).await;
    for answer in call_each(&mut client, "you").await {
        let (kind, status) = (answer.kind, answer.status());
        assert_eq!(status.code(), Code::InvalidArgument, "{kind:?}");
        let details = status.get_error_details();
        let violations = &details.bad_request().expect("it is sent").field_violations;
        assert_eq!(violations[0].description, "it is too long", "{kind:?}");
        // The client can also read them through an `Error`.
        assert!(Error::from(status.clone()).error_details().bad_request().is_some(), "{kind:?}");
    }
}
