use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tonic::{Status, body::Body, codegen::http::HeaderMap};

use super::{
    ending::ending,
    framing::{Framing, Web},
    message::RawMessage,
    scan::{Found, Scan},
    text::Text,
};
use crate::payload::{message_stream::MessageStream, source::Source, trailers::Trailers};

/// A piece of a body: a frame, or the body's own error. That error isn't an error of the stream of
/// pieces, so it passes unchanged and can be told apart from the error of a wrapper.
pub(crate) type Piece = Result<Frame<Bytes>, Status>;

/// An unchanged body.
pub(super) struct FromBody(pub(super) Body);

impl Source<Piece> for FromBody {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, Status>>> {
        Pin::new(&mut self.0).poll_frame(context).map(|piece| piece.map(Ok))
    }
}

/// The messages in a stream of frames.
pub(super) struct Decoded {
    frames: MessageStream<Piece>,
    framing: Framing,
    scan: Scan,
    text: Text,
    data: Bytes,
    trailers: Option<Trailers>,
}

impl Decoded {
    pub(super) fn new(frames: MessageStream<Piece>, framing: Framing) -> Self {
        let scan = Scan::new(framing, true);
        Decoded { frames, framing, scan, text: Text::default(), data: Bytes::new(), trailers: None }
    }

    /// Called after the last frame.
    #[cold]
    fn end(&mut self) -> Option<Result<RawMessage, Status>> {
        if !self.text.is_whole() {
            return Some(Err(not_base64()));
        }
        if !self.scan.is_between() {
            return Some(Err(Status::internal("Unexpected EOF decoding stream.")));
        }
        self.end_with(None)
    }

    #[cold]
    fn end_with(&mut self, trailers: Option<&HeaderMap>) -> Option<Result<RawMessage, Status>> {
        match ending(self.framing, trailers) {
            Ok(trailers) => {
                self.trailers = trailers;
                None
            }
            Err(status) => Some(Err(status)),
        }
    }

    fn found(&mut self, found: Found) -> Option<Result<RawMessage, Status>> {
        match found {
            Found::Message(message) => Some(Ok(message)),
            Found::Trailers(trailers) => self.end_with(Some(&trailers)),
            Found::Invalid(status) => Some(Err(status)),
            Found::TooLarge(length) => Some(Err(self.too_large(length))),
            Found::Passed => unreachable!("all messages are collected"),
        }
    }

    #[cold]
    fn too_large(&self, length: usize) -> Status {
        Status::out_of_range(format!(
            "Error, decoded message length too large: found {length} bytes, the limit is: {} bytes",
            self.framing.limit
        ))
    }
}

#[cold]
fn not_base64() -> Status {
    Status::internal("protocol error: the body isn't base64")
}

impl Source<RawMessage> for Decoded {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<RawMessage, Status>>> {
        let this = &mut *self;
        loop {
            if !this.data.is_empty()
                && let Some(found) = this.scan.next(&mut this.data)
            {
                return Poll::Ready(this.found(found));
            }
            let frame = match this.frames.poll_inside(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(this.end()),
                Poll::Ready(Some(Err(status) | Ok(Err(status)))) => {
                    return Poll::Ready(Some(Err(status)));
                }
                Poll::Ready(Some(Ok(Ok(frame)))) => frame,
            };
            match frame.into_data() {
                Ok(data) if this.framing.web == Web::Text => match this.text.decode(&data) {
                    Some(data) => this.data = data,
                    None => return Poll::Ready(Some(Err(not_base64()))),
                },
                Ok(data) => this.data = data,
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        return Poll::Ready(this.end_with(Some(&trailers)));
                    }
                }
            }
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.trailers.take()
    }
}
