//! Bodies and frames that pass unchanged while being watched.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tonic::{Status, body::Body};

use super::{decode::Piece, watch::Watching};
use crate::{StreamEnd, payload::source::Source};

/// An otherwise unchanged body.
pub(super) struct WatchedBody {
    body: Body,
    watching: Watching,
}

impl WatchedBody {
    pub(super) fn new(body: Body, watching: Watching) -> Self {
        let mut watched = WatchedBody { body, watching };
        watched.look_for_the_end();
        watched
    }

    /// A body that reports its end isn't polled again.
    fn look_for_the_end(&mut self) {
        if self.body.is_end_stream() {
            self.watching.end_of_body();
        }
    }
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.watching.poll();
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.watching.polled(&polled);
        if polled.is_ready() {
            self.look_for_the_end();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The wrapped pieces of a body.
pub(super) struct WatchedPieces {
    source: Pin<Box<dyn Source<Piece>>>,
    watching: Watching,
}

impl WatchedPieces {
    pub(super) fn new(source: Pin<Box<dyn Source<Piece>>>, watching: Watching) -> Self {
        WatchedPieces { source, watching }
    }
}

impl Source<Piece> for WatchedPieces {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, Status>>> {
        self.watching.poll();
        let polled = self.source.as_mut().poll_item(context);
        match polled {
            // A wrapper around the pieces failed, not the body.
            Poll::Ready(Some(Err(status))) => {
                self.watching.end(StreamEnd::Failed(&status));
                Poll::Ready(Some(Err(status)))
            }
            Poll::Ready(Some(Ok(piece))) => {
                let polled = Poll::Ready(Some(piece));
                self.watching.polled(&polled);
                polled.map(|piece| piece.map(Ok))
            }
            Poll::Ready(None) => {
                self.watching.polled(&Poll::Ready(None));
                Poll::Ready(None)
            }
            Poll::Pending => {
                self.watching.polled(&Poll::Pending);
                Poll::Pending
            }
        }
    }
}
