use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio_stream::Stream;
use tonic::{
    Status,
    codegen::http::{HeaderMap, HeaderValue},
};

use super::{
    decode::Piece,
    framing::{BodyOf, Framing, Web},
    message::RawMessage,
    text::encode_text,
    web::encode_trailers,
};
use crate::payload::{guarded::Noted, message_stream::MessageStream, trailers::Trailers};

/// A body made of wrapped frames.
pub(super) struct OfFrames<S> {
    frames: S,
    framing: Framing,
    has_ended: bool,
}

impl<S> OfFrames<S> {
    pub(super) fn new(frames: S, framing: Framing) -> Self {
        OfFrames { frames, framing, has_ended: false }
    }
}

impl<S> Body for OfFrames<S>
where
    S: Stream<Item = Result<Piece, Status>> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut this.frames).poll_next(context);
        polled.map(|piece| {
            piece.map(|piece| match piece {
                // The body's own error passes unchanged.
                Ok(own) => own,
                Err(status) => {
                    this.has_ended = true;
                    failed(status, this.framing)
                }
            })
        })
    }
}

/// Messages, with the trailers at their end.
pub(super) trait Messages: Stream<Item = Result<RawMessage, Status>> + Unpin {
    fn take_trailers(&mut self) -> Option<Trailers> {
        None
    }
}

impl Messages for MessageStream<RawMessage> {
    fn take_trailers(&mut self) -> Option<Trailers> {
        MessageStream::take_trailers(self)
    }
}

/// A request has no trailers.
impl Messages for Noted<RawMessage> {}

/// A body made of messages.
pub(super) struct OfMessages<S> {
    messages: S,
    framing: Framing,
    has_ended: bool,
}

impl<S: Messages> OfMessages<S> {
    pub(super) fn new(messages: S, framing: Framing) -> Self {
        OfMessages { messages, framing, has_ended: false }
    }

    #[cold]
    fn end(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        self.has_ended = true;
        let trailers = match self.framing.body {
            BodyOf::Request => self.messages.take_trailers()?.into_metadata().into_headers(),
            BodyOf::Response { .. } => {
                let trailers = self.messages.take_trailers().unwrap_or_default();
                let mut trailers = trailers.into_metadata().into_headers();
                trailers
                    .entry(Status::GRPC_STATUS)
                    .or_insert_with(|| HeaderValue::from_static("0"));
                trailers
            }
        };
        Some(Ok(last_frame(trailers, self.framing.web)))
    }
}

/// Ends a response with the status in its trailers, and a request with an error, since a request
/// has no status.
#[cold]
fn failed(status: Status, framing: Framing) -> Result<Frame<Bytes>, Status> {
    match (framing.body, trailers_of(&status)) {
        (BodyOf::Response { .. }, Some(trailers)) => Ok(last_frame(trailers, framing.web)),
        _ => Err(status),
    }
}

fn last_frame(trailers: HeaderMap, web: Web) -> Frame<Bytes> {
    match web {
        Web::No => Frame::trailers(trailers),
        Web::Binary => Frame::data(encode_trailers(&trailers)),
        Web::Text => Frame::data(encode_text(&encode_trailers(&trailers))),
    }
}

fn trailers_of(status: &Status) -> Option<HeaderMap> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers).ok()?;
    Some(trailers)
}

impl<S: Messages> Body for OfMessages<S> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.messages).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(message))) => {
                let data = match message.into_wire(this.framing.encoding) {
                    Ok(data) => data,
                    Err(status) => {
                        this.has_ended = true;
                        return Poll::Ready(Some(failed(status, this.framing)));
                    }
                };
                Poll::Ready(Some(Ok(Frame::data(match this.framing.web {
                    Web::No | Web::Binary => data,
                    Web::Text => encode_text(&data),
                }))))
            }
            Poll::Ready(Some(Err(status))) => {
                this.has_ended = true;
                Poll::Ready(Some(failed(status, this.framing)))
            }
            Poll::Ready(None) => Poll::Ready(this.end()),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }
}
