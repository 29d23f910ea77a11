//! Hand-made bodies that report how they were read.

use std::{
    collections::VecDeque,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http_body::Frame;
use tonic::{
    Status,
    codegen::{Body, Bytes, StdError, http::HeaderMap},
};

use crate::{
    slowly::wait,
    text::{self, Lines},
};

/// What a body yields next.
#[derive(Clone)]
pub enum Part {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(Failure),
    /// Nothing yet: the reader has to poll again.
    Wait,
}

/// How a body or a whole call fails.
#[derive(Clone)]
pub enum Failure {
    Io,
    Status(Status),
}

impl From<Failure> for StdError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io => io::Error::other("the wire is cut").into(),
            Failure::Status(status) => status.into(),
        }
    }
}

/// How many times a body was polled after its end.
#[derive(Clone, Default)]
pub struct PollsBehindTheEnd(Arc<AtomicUsize>);

impl PollsBehindTheEnd {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct RawBody {
    parts: VecDeque<Part>,
    ended: bool,
    polls: PollsBehindTheEnd,
}

impl RawBody {
    pub fn new(parts: &[Part], polls: &PollsBehindTheEnd) -> Self {
        RawBody { parts: parts.to_vec().into(), ended: false, polls: polls.clone() }
    }
}

impl Body for RawBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        if self.ended {
            self.polls.0.fetch_add(1, Ordering::Relaxed);
            return Poll::Ready(None);
        }
        let frame = match self.parts.pop_front() {
            Some(Part::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Part::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Part::Error(failure)) => Some(Err(failure.into())),
            Some(Part::Wait) => return wait(context),
            None => None,
        };
        self.ended = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }
}

/// Reads a body as far as HTTP does. Ignores how its data is split into frames.
pub async fn collect(body: impl Body<Data = Bytes, Error: Into<StdError>>) -> Lines {
    let mut body = pin!(body);
    let mut data = Vec::new();
    let size = body.size_hint().exact();
    let mut lines = vec![format!("body: at its end {}, size {size:?}", body.is_end_stream())];
    let end = loop {
        let frame = match std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => break error_text(&*error.into()),
            None => break "end".to_owned(),
        };
        match frame.into_data() {
            Ok(bytes) => data.extend_from_slice(&bytes),
            // Nothing comes after them.
            Err(frame) => match frame.into_trailers() {
                Ok(trailers) => break format!("trailers: {}", text::headers(&trailers)),
                Err(_) => break "a frame of another kind".to_owned(),
            },
        }
    };
    lines.push(format!("data: {}", text::bytes(&data)));
    lines.push(end);
    lines
}

fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    match error.downcast_ref() {
        Some(status) => format!("status: {}", text::status(status)),
        None => format!("error: {error}"),
    }
}
