//! The tests of the Python package's `test_exception_to_status.py`, with our types: see
//! `tests/README.md`.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use grpc_interceptor::{
    Error,
    interceptors::ErrorToStatus,
    testing::{self, Dummy},
};
use tonic::{Code, Status};

/// Every code except `OK`, in numeric order.
fn all_codes() -> impl Iterator<Item = Code> {
    (1..17).map(Code::from)
}

/// A service that fails for the input "error", as Python's does with `raises(ValueError("oops"))`:
/// with an error that knows nothing about gRPC.
fn with_value_error() -> Dummy {
    testing::dummy()
        .special_case("error", |_| "oops".parse::<bool>().map(|value| value.to_string()))
}

#[test]
fn repr() {
    assert_eq!(
        format!("{:?}", Error::unknown("oops")),
        r#"Error { code: UNKNOWN, details: "oops" }"#
    );
    assert_eq!(
        format!("{:?}", Error::not_found("oops")),
        r#"Error { code: NOT_FOUND, details: "oops" }"#
    );
    assert_eq!(Error::not_found("?").to_string(), "NOT_FOUND: ?");
}

#[test]
fn status_string() {
    assert_eq!(Error::new(Code::Unknown).status_string(), "UNKNOWN");
    assert_eq!(Error::new(Code::NotFound).status_string(), "NOT_FOUND");
    assert_eq!(Error::not_found("?").status_string(), "NOT_FOUND");
}

#[tokio::test]
async fn no_exception() {
    let dummy = testing::dummy().server_interceptors(ErrorToStatus::new());
    let mut client = dummy.start().await.expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
}

#[tokio::test]
async fn custom_details() {
    let mut client = testing::dummy()
        .server_interceptors(ErrorToStatus::new())
        .special_case("error", |_| Err(Error::not_found("custom")))
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::NotFound, "custom"));
}

/// The original sends the exception's text; here it stays on the server.
#[tokio::test]
async fn non_grpc_exception() {
    let dummy = with_value_error().server_interceptors(ErrorToStatus::new());
    let mut client = dummy.start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Unknown, "Unknown error"));
}

/// The original sends the exception's `repr`. Here this is opt-in: the `Debug` text.
#[tokio::test]
async fn non_grpc_exception_with_override() {
    let errors = ErrorToStatus::new().on_unknown(Code::Internal);
    let mut client =
        with_value_error().server_interceptors(errors).start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Internal, Code::Internal.description()));

    let errors = errors.unknown_details(|error, _| format!("{error:?}"));
    let mut client =
        with_value_error().server_interceptors(errors).start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Internal, "ParseBoolError"));
}

/// Our handlers don't abort a context; they return the status.
#[tokio::test]
async fn aborted_context() {
    let mut client = testing::dummy()
        .server_interceptors(ErrorToStatus::new().on_unknown(Code::Internal))
        .special_case("error", |_| Err(Status::resource_exhausted("resource exhausted")))
        .special_case("unknown", |_| Err(Status::unknown("but chosen")))
        .start()
        .await
        .expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "resource exhausted"));
    let status = client.execute("unknown").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Unknown, "but chosen"));
}

/// The original raises a `ValueError` when it is created. Here it can be a const and can't fail:
/// unknown errors stay `UNKNOWN`.
#[tokio::test]
async fn override_with_ok() {
    const ERRORS: ErrorToStatus = ErrorToStatus::new().on_unknown(Code::Ok);
    let mut client =
        with_value_error().server_interceptors(ERRORS).start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::Unknown, "Unknown error"));

    // A mapper can't turn an error into a success either.
    let errors = ErrorToStatus::new().map(|_, _| Some(Status::ok("all is well")));
    let mut client =
        with_value_error().server_interceptors(errors).start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    let text = "the status OK was returned as an error: all is well";
    assert_eq!((status.code(), status.message()), (Code::Unknown, text));
}

#[tokio::test]
async fn all_exceptions() {
    let dummy = all_codes().fold(testing::dummy(), |dummy, code| {
        dummy.special_case(format!("{code:?}"), move |_| Err(Error::new(code)))
    });
    let dummy = dummy.server_interceptors(ErrorToStatus::new().on_unknown(Code::Internal));
    let mut client = dummy.start().await.expect("it starts");
    let mut seen_codes = HashSet::new();
    let mut seen_details = HashSet::new();
    for code in all_codes() {
        let status = client.execute(format!("{code:?}")).await.expect_err("it fails");
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), Error::new(code).details());
        seen_codes.insert(Error::new(code).status_string());
        seen_details.insert(status.message().to_owned());
    }
    assert_eq!((seen_codes.len(), seen_details.len()), (16, 16));
    assert!(!seen_details.contains(""));
}

#[tokio::test]
async fn exception_in_streaming_response() {
    let mut client = with_value_error()
        .server_interceptors(ErrorToStatus::new().on_unknown(Code::Internal))
        .special_case("not found", |_| Err(Error::not_found("not found!")))
        .start()
        .await
        .expect("it starts");
    // Immediately, and in the middle.
    let outcomes = [
        client.execute_server_stream("not found").await,
        client.execute_client_server_stream(["foo", "not found"]).await,
    ];
    for outcome in outcomes {
        let status = outcome.expect_err("it fails");
        assert_eq!((status.code(), status.message()), (Code::NotFound, "not found!"));
    }
    // An error that becomes `INTERNAL` only through the interceptor.
    let status = client.execute_client_server_stream(["foo", "error"]).await;
    assert_eq!(status.expect_err("it fails").code(), Code::Internal);
}

/// The original raises a `ValueError`. Here an error with the code `OK` becomes `UNKNOWN`.
#[tokio::test]
async fn not_ok() {
    assert_eq!(Error::new(Code::Ok).code(), Code::Unknown);
    let dummy = testing::dummy().special_case("error", |_| Err(Error::new(Code::Ok)));
    let mut client = dummy.start().await.expect("it starts");
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!(status.code(), Code::Unknown);
}

/// Knows nothing about gRPC.
#[derive(Debug, thiserror::Error)]
#[error("an error of the domain")]
struct NonGrpcError;

const TEST_DETAILS: &str = "Here's some custom details";

/// The original is extended by a subclass, ours by a mapper.
#[tokio::test]
async fn extending() {
    let caught = Arc::new(AtomicBool::new(false));
    let catch = Arc::clone(&caught);
    let errors = ErrorToStatus::new().map(move |error, _| {
        error.downcast_ref::<NonGrpcError>()?;
        catch.store(true, Ordering::SeqCst);
        Some(Status::data_loss(TEST_DETAILS))
    });
    let mut client = testing::dummy()
        .server_interceptors(errors)
        .special_case("error", |_| Err(NonGrpcError))
        .special_case("known", |_| Err(Error::not_found("custom")))
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    let status = client.execute("known").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::NotFound, "custom"));
    assert!(!caught.load(Ordering::SeqCst));
    let status = client.execute("error").await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::DataLoss, TEST_DETAILS));
    assert!(caught.load(Ordering::SeqCst));
}
