use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::decode::Piece;
use crate::payload::{failure::Failure, source::Source};

/// The frames of a response. If the request failed, they end with that failure, even instead of
/// trailers, because a server can answer a request that was cut off.
pub(super) struct OrFailure {
    frames: Pin<Box<dyn Source<Piece>>>,
    failure: Failure,
}

impl OrFailure {
    pub(super) fn new(frames: Pin<Box<dyn Source<Piece>>>, failure: Failure) -> Self {
        OrFailure { frames, failure }
    }
}

impl Source<Piece> for OrFailure {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, Status>>> {
        let polled = self.frames.as_mut().poll_item(context);
        let has_ended = match &polled {
            Poll::Ready(Some(Ok(Ok(frame)))) => frame.is_trailers(),
            Poll::Ready(_) => true,
            Poll::Pending => false,
        };
        match has_ended.then(|| self.failure.take()).flatten() {
            Some(status) => Poll::Ready(Some(Err(status))),
            None => polled,
        }
    }
}
