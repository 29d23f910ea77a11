use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use tonic::{Code, Status};

use super::{decode::Piece, status::status_of};
use crate::{call::or_deadline_exceeded, payload::source::Source};

/// The frames of a response. If they end with CANCELLED at the deadline, the call has timed out:
/// see [`or_deadline_exceeded`].
pub(super) struct Late {
    frames: Pin<Box<dyn Source<Piece>>>,
    deadline: Instant,
}

impl Late {
    pub(super) fn new(frames: Pin<Box<dyn Source<Piece>>>, deadline: Instant) -> Self {
        Late { frames, deadline }
    }

    /// Returns the status that replaces this one at the end, if any.
    #[cold]
    fn end(&self, status: Status) -> Option<Status> {
        let end = or_deadline_exceeded(status, self.deadline);
        (end.code() == Code::DeadlineExceeded).then_some(end)
    }
}

/// Returns the status that a piece ends a response with, if it is CANCELLED.
fn cancelled(piece: &Piece) -> Option<Status> {
    let status = match piece {
        Ok(frame) => status_of(frame.trailers_ref()?),
        Err(status) => Some(status.clone()),
    };
    status.filter(|status| status.code() == Code::Cancelled)
}

impl Source<Piece> for Late {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, Status>>> {
        let polled = self.frames.as_mut().poll_item(context);
        if let Poll::Ready(Some(Ok(piece))) = &polled
            && let Some(status) = cancelled(piece)
            && let Some(end) = self.end(status)
        {
            return Poll::Ready(Some(Err(end)));
        }
        polled
    }
}
