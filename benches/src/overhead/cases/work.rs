//! What the realistic interceptors do, no matter which library calls them: log to a sink, check a
//! token, read the deadline, count, and map errors.

use std::{
    hint::black_box,
    io::{Write as _, sink},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tonic::{Code, Status, codegen::http::HeaderMap};

pub const TOKEN: &str = "Bearer 0123456789abcdef";

static CALLS: AtomicU64 = AtomicU64::new(0);
static FAILURES: AtomicU64 = AtomicU64::new(0);

pub fn log(method: &str, code: Code) {
    // Writing to a sink can't fail.
    let _ = writeln!(black_box(sink()), "{method}: {code:?}");
}

pub fn check_token(token: Option<&[u8]>) -> Result<(), Status> {
    match token {
        Some(token) if token == TOKEN.as_bytes() => Ok(()),
        _ => Err(Status::unauthenticated("the token is missing or wrong")),
    }
}

pub fn check_deadline(remaining: Option<Duration>) -> Result<(), Status> {
    match remaining {
        Some(remaining) if remaining < Duration::from_millis(10) => {
            Err(Status::deadline_exceeded("less than 10 ms left"))
        }
        _ => Ok(()),
    }
}

/// Parses `grpc-timeout` in seconds, the only unit that the calls here use.
pub fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("grpc-timeout")?.to_str().ok()?.strip_suffix('S')?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// Checks both the token and the deadline.
pub fn check(headers: &HeaderMap) -> Result<(), Status> {
    check_token(headers.get("authorization").map(|token| token.as_bytes()))?;
    check_deadline(timeout(headers))
}

pub fn count_call() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

pub fn count_outcome(code: Code) {
    if code != Code::Ok {
        FAILURES.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn map_error(status: Status) -> Status {
    match status.code() {
        Code::Unknown => Status::internal("the server is at fault"),
        _ => status,
    }
}

/// What is done with a message that is looked at.
pub fn look<M>(message: &M) {
    black_box(message);
}
