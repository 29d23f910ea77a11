//! What a layer does at the HTTP level: tower's and tonic-middleware's see requests and responses
//! as bytes.

use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{HeaderValue, Request, Response, Uri},
};

use crate::cases::work;

pub trait HttpStep: Clone + Send + Sync + 'static {
    /// What it keeps from the request until the response arrives.
    type Kept: Send;

    fn before(&self, request: &Request<Body>) -> Result<Self::Kept, Status>;
    fn after(&self, kept: Self::Kept, response: &mut Response<Body>);
}

#[derive(Clone)]
pub struct Nothing;

impl HttpStep for Nothing {
    type Kept = ();

    fn before(&self, _: &Request<Body>) -> Result<(), Status> {
        Ok(())
    }

    fn after(&self, (): (), _: &mut Response<Body>) {}
}

#[derive(Clone)]
pub struct Log;

impl HttpStep for Log {
    type Kept = Uri;

    fn before(&self, request: &Request<Body>) -> Result<Uri, Status> {
        Ok(request.uri().clone())
    }

    fn after(&self, uri: Uri, response: &mut Response<Body>) {
        work::log(uri.path(), code(response));
    }
}

#[derive(Clone)]
pub struct Token;

impl HttpStep for Token {
    type Kept = ();

    fn before(&self, request: &Request<Body>) -> Result<(), Status> {
        work::check_token(request.headers().get("authorization").map(HeaderValue::as_bytes))
    }

    fn after(&self, (): (), _: &mut Response<Body>) {}
}

#[derive(Clone)]
pub struct Deadline;

impl HttpStep for Deadline {
    type Kept = ();

    fn before(&self, request: &Request<Body>) -> Result<(), Status> {
        work::check_deadline(work::timeout(request.headers()))
    }

    fn after(&self, (): (), _: &mut Response<Body>) {}
}

#[derive(Clone)]
pub struct Metrics;

impl HttpStep for Metrics {
    type Kept = ();

    fn before(&self, _: &Request<Body>) -> Result<(), Status> {
        work::count_call();
        Ok(())
    }

    fn after(&self, (): (), response: &mut Response<Body>) {
        work::count_outcome(code(response));
    }
}

#[derive(Clone)]
pub struct Errors;

impl HttpStep for Errors {
    type Kept = ();

    fn before(&self, _: &Request<Body>) -> Result<(), Status> {
        Ok(())
    }

    fn after(&self, (): (), response: &mut Response<Body>) {
        if let Some(status) = Status::from_header_map(response.headers()) {
            *response = work::map_error(status).into_http();
        }
    }
}

/// Returns the code of a response without messages. A response with messages has it at its end,
/// where a layer would have to inspect the body.
fn code(response: &Response<Body>) -> Code {
    let status = response.headers().get("grpc-status");
    status.map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}
