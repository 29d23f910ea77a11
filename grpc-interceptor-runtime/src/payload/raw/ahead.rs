//! Reads the available part of a request ahead, to copy it.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tonic::Status;

use super::{
    decode::Piece,
    framing::{Framing, Web},
    scan::{Found, Scan},
    text::Text,
};
use crate::payload::{
    message_stream::MessageStream,
    source::{Again, Source},
    trailers::Trailers,
};

/// The largest number of frames that a message can span and still be copied.
const MOST_FRAMES: usize = 1024;

/// The items that were read ahead, and the rest.
struct Ahead<M> {
    read: VecDeque<Result<M, Status>>,
    /// `None` if there is nothing more.
    rest: Option<MessageStream<M>>,
    trailers: Option<Trailers>,
}

impl<M> Unpin for Ahead<M> {}

impl<M: Send + 'static> Source<M> for Ahead<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        match (self.read.pop_front(), &mut self.rest) {
            (Some(item), _) => Poll::Ready(Some(item)),
            (None, Some(rest)) => rest.poll_inside(context),
            (None, None) => Poll::Ready(None),
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        let own = self.trailers.take();
        own.or_else(|| self.rest.as_mut().and_then(MessageStream::take_trailers))
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        self.rest.as_mut().and_then(|rest| Pin::new(rest).error_again())
    }
}

/// Returns the stream, and a copy of its items if all of them were available and it completed
/// successfully. Reads for as long as `goes_on` returns `true` for the items read.
pub(super) fn read_ahead<M: Send + 'static>(
    mut stream: MessageStream<M>,
    clone: impl Fn(&M) -> M,
    mut goes_on: impl FnMut(&M) -> bool,
) -> (MessageStream<M>, Option<Vec<M>>) {
    let scopes = stream.take_scopes();
    // It may have been read ahead before.
    let mut ahead = stream.into_source().unwrap_or_else(|stream| Ahead {
        read: VecDeque::new(),
        rest: Some(stream),
        trailers: None,
    });
    let is_copied = ahead.read_on(&mut goes_on);
    let copy =
        is_copied.then(|| ahead.read.iter().filter_map(|item| item.as_ref().ok()).map(clone));
    let copy = copy.map(Iterator::collect);
    (MessageStream::from_source(ahead).with_scopes(scopes), copy)
}

impl<M: Send + 'static> Ahead<M> {
    /// Returns whether the stream was read to its end without an error.
    fn read_on(&mut self, goes_on: &mut impl FnMut(&M) -> bool) -> bool {
        for item in &self.read {
            match item {
                Ok(item) if goes_on(item) => {}
                _ => return false,
            }
        }
        // The reader of the rest polls again, which registers its own waker.
        let mut context = Context::from_waker(Waker::noop());
        while let Some(rest) = &mut self.rest {
            match rest.poll_inside(&mut context) {
                Poll::Ready(Some(item)) => {
                    let more = item.as_ref().is_ok_and(&mut *goes_on);
                    self.read.push_back(item);
                    if !more {
                        return false;
                    }
                }
                Poll::Ready(None) => {
                    self.trailers = rest.take_trailers();
                    self.rest = None;
                }
                Poll::Pending => return false,
            }
        }
        true
    }
}

/// Does the same for a body, if it contains a single message.
pub(super) fn pieces_ahead(
    pieces: MessageStream<Piece>,
    framing: Framing,
) -> (MessageStream<Piece>, Option<MessageStream<Piece>>) {
    let mut scan = Scan::new(framing, false);
    let (mut text, mut messages) = (Text::default(), 0);
    let (mut frames, mut bytes) = (0, 0);
    let goes_on = |piece: &Piece| {
        let Ok(frame) = piece else { return false };
        let mut data = frame.data_ref().cloned().unwrap_or_default();
        frames += 1;
        bytes += data.len();
        if framing.web == Web::Text {
            data = text.decode(&data).unwrap_or_default();
        }
        while !data.is_empty()
            && let Some(found) = scan.next(&mut data)
        {
            messages += if let Found::Passed = found { 1 } else { 2 };
        }
        messages <= 1 && frames < MOST_FRAMES && bytes <= framing.limit
    };
    let (pieces, copy) = read_ahead(pieces, clone_piece, goes_on);
    let copy = copy.filter(|_| messages == 1 && scan.is_between());
    (pieces, copy.map(replay))
}

fn clone_piece(piece: &Piece) -> Piece {
    let frame = piece.as_ref().map_err(Status::clone)?;
    Ok(match (frame.data_ref(), frame.trailers_ref()) {
        (Some(data), _) => Frame::data(data.clone()),
        (_, Some(trailers)) => Frame::trailers(trailers.clone()),
        _ => Frame::data(Bytes::new()),
    })
}

pub(super) fn replay<M: Send + 'static>(items: Vec<M>) -> MessageStream<M> {
    let read = items.into_iter().map(Ok).collect();
    MessageStream::from_source(Ahead { read, rest: None, trailers: None })
}

/// Replaces a request that panicked while it was read ahead.
pub(super) struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(Some(Err(Status::internal("the request panicked"))))
    }
}
