//! Reads a request ahead, as far as it is there at once, to have a copy of it.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::Frame;
use tonic::Status;

use super::{
    decode::Piece,
    framing::{Framing, Web},
    payload::Content,
    scan::{Found, Scan},
    text::Text,
};
use crate::payload::{message_stream::MessageStream, source::Source, trailers::Trailers};

/// How many frames one message may be in, to be copied.
const MOST_FRAMES: usize = 1024;

/// What was read, and the rest.
struct Ahead<M> {
    read: VecDeque<Result<M, Status>>,
    /// `None` if there is nothing more.
    rest: Option<MessageStream<M>>,
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
        self.rest.as_mut().and_then(MessageStream::take_trailers)
    }
}

/// The stream, and, if it has ended well, and before so many items, a copy of these.
pub(super) fn read_ahead<M: Send + 'static>(
    mut stream: MessageStream<M>,
    clone: impl Fn(&M) -> M,
    mut see: impl FnMut(&M),
    most: usize,
) -> (MessageStream<M>, Option<Vec<M>>) {
    let scopes = stream.take_scopes();
    let mut ahead = Ahead { read: VecDeque::new(), rest: None };
    let mut copy = Vec::new();
    // Whoever reads the rest is woken for it: polled once more, it learns of another waker.
    let mut context = Context::from_waker(Waker::noop());
    let is_complete = loop {
        if copy.len() == most {
            break false;
        }
        match stream.poll_inside(&mut context) {
            Poll::Ready(Some(Ok(item))) => {
                see(&item);
                copy.push(clone(&item));
                ahead.read.push_back(Ok(item));
            }
            Poll::Ready(Some(Err(status))) => {
                ahead.read.push_back(Err(status));
                break false;
            }
            Poll::Ready(None) => break true,
            Poll::Pending => break false,
        }
    };
    ahead.rest = Some(stream);
    (MessageStream::from_source(ahead).with_scopes(scopes), is_complete.then_some(copy))
}

/// The same of frames, if there is one message in them.
pub(super) fn frames_ahead(
    pieces: MessageStream<Piece>,
    framing: Framing,
) -> (MessageStream<Piece>, Option<Content>) {
    let mut scan = Scan::new(framing, false);
    let (mut text, mut messages) = (Text::default(), 0);
    let count = |piece: &Piece| {
        let data = piece.as_ref().ok().and_then(Frame::data_ref);
        let mut data = data.cloned().unwrap_or_default();
        if framing.web == Web::Text {
            data = text.decode(&data).unwrap_or_default();
        }
        while !data.is_empty()
            && let Some(found) = scan.next(&mut data)
        {
            messages += if let Found::Passed = found { 1 } else { 2 };
        }
    };
    let (pieces, copy) = read_ahead(pieces, clone_piece, count, MOST_FRAMES);
    let copy =
        copy.filter(|copy| messages == 1 && scan.is_between() && copy.iter().all(Result::is_ok));
    (pieces, copy.map(|copy| Content::frames(replay(copy))))
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
    MessageStream::from_source(Ahead { read, rest: None })
}
