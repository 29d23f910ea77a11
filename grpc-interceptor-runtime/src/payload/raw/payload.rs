use std::{cell::RefCell, fmt, mem};

use http_body::Body as _;
use tonic::{Status, body::Body, metadata::MetadataMap};

use super::{
    ahead::{frames_ahead, read_ahead, replay},
    decode::{Decoded, FromBody, Piece},
    encode::{OfFrames, OfMessages},
    framing::Framing,
    message::RawMessage,
    watch::{Show, Watched, end_of_body},
};
use crate::{
    MessageStream, Payload, StreamEnd,
    payload::{
        failure::Failure,
        guarded::Noted,
        watch::{Watch, Watcher},
        wrap::WrapStream,
    },
};

/// What travels through an [`InterceptorLayer`](crate::InterceptorLayer): the body of a request or of a
/// response, a [`Payload`] of [`RawMessage`]s.
///
/// To a layer it is always a stream, also if the RPC has one message: an interceptor runs before the message
/// has been read, so that it can refuse the call. Until an interceptor looks into the messages, the body's frames
/// pass as they are.
pub struct RawPayload {
    /// In a cell, as a request that is to be sent again is read ahead while it is borrowed.
    content: RefCell<Content>,
    framing: Framing,
    /// How many bytes the body has, if it says so. An HTTP server sends that ahead, if nobody changes them.
    size: Option<u64>,
}

pub(super) enum Content {
    /// As it came.
    Body(Body),
    /// With something around it that doesn't look into messages.
    Frames(MessageStream<Piece>),
    Messages(MessageStream<RawMessage>),
}

impl RawPayload {
    pub(crate) fn new(body: Body, framing: Framing) -> Self {
        let size = body.size_hint().exact();
        RawPayload { size, ..RawPayload::of(Content::Body(body), framing) }
    }

    fn of(content: Content, framing: Framing) -> Self {
        RawPayload { content: RefCell::new(content), framing, size: None }
    }

    /// Whether it is the body as it came.
    pub(crate) fn is_untouched(&self) -> bool {
        matches!(*self.content.borrow(), Content::Body(_))
    }

    /// Whether its messages may be others than those that came.
    pub(crate) fn is_decoded(&self) -> bool {
        matches!(*self.content.borrow(), Content::Messages(_))
    }

    /// The messages, one after the other.
    #[must_use]
    pub fn into_messages(self) -> MessageStream<RawMessage> {
        let framing = self.framing;
        let mut frames = match self.content.into_inner() {
            Content::Messages(messages) => return messages,
            Content::Frames(frames) => frames,
            Content::Body(body) => MessageStream::from_source(FromBody(body)),
        };
        let scopes = frames.take_scopes();
        MessageStream::from_source(Decoded::new(frames, framing)).with_scopes(scopes)
    }

    fn map(self, map: impl FnOnce(MessageStream<RawMessage>) -> MessageStream<RawMessage>) -> Self {
        let framing = self.framing;
        RawPayload::of(Content::Messages(map(self.into_messages())), framing)
    }

    /// A body again, for whoever is inside or outside of the layer.
    pub(crate) fn into_body(self, framing: Framing) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => body,
            Content::Frames(frames) => Body::new(OfFrames::new(frames, self.size)),
            Content::Messages(messages) => Body::new(OfMessages::new(messages, framing)),
        }
    }

    /// The same on a client, where a request is read in a task of its own. What fails there, or panics, is noted.
    pub(crate) fn into_sent_body(self, framing: Framing, failure: &Failure) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => body,
            Content::Frames(frames) => {
                Body::new(OfFrames::new(Noted::new(frames, failure), self.size))
            }
            Content::Messages(messages) => {
                Body::new(OfMessages::new(Noted::new(messages, failure), framing))
            }
        }
    }

    /// A copy of a request, if it is one message and all of it is there: of a client's unary RPC.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        let mut content = self.content.borrow_mut();
        let framing = self.framing;
        let copy = match mem::replace(&mut *content, Content::Body(Body::empty())) {
            Content::Messages(messages) => {
                let (messages, copy) = read_ahead(messages, RawMessage::clone, |_| {}, 2);
                *content = Content::Messages(messages);
                copy.filter(|copy| copy.len() == 1).map(|copy| Content::Messages(replay(copy)))
            }
            Content::Frames(frames) => {
                let (frames, copy) = frames_ahead(frames, framing);
                *content = Content::Frames(frames);
                copy
            }
            Content::Body(body) => {
                let (frames, copy) =
                    frames_ahead(MessageStream::from_source(FromBody(body)), framing);
                *content = Content::Frames(frames);
                copy
            }
        };
        Some(RawPayload { size: self.size, ..RawPayload::of(copy?, framing) })
    }

    pub(crate) fn watched(self, watch: impl FnOnce() -> Watch, show: Show) -> Self {
        let (framing, size) = (self.framing, self.size);
        let frames = match self.content.into_inner() {
            // Nobody polls a body that is over.
            Content::Body(body) if body.is_end_stream() => {
                let end = end_of_body(framing);
                watch().end(match &end {
                    Ok(()) => StreamEnd::Complete { trailers: None },
                    Err(status) => StreamEnd::Failed(status),
                });
                return RawPayload::of(Content::Body(body), framing);
            }
            Content::Body(body) => MessageStream::from_source(FromBody(body)),
            Content::Frames(frames) => frames,
            Content::Messages(messages) => {
                return RawPayload::of(Content::Messages(messages.watched(watch())), framing);
            }
        };
        let watch = watch();
        let frames = frames.wrap(|source| Watched::new(source, framing, watch, show));
        RawPayload { size, ..RawPayload::of(Content::Frames(frames), framing) }
    }
}

/// Of messages that an interceptor made.
impl From<MessageStream<RawMessage>> for RawPayload {
    fn from(messages: MessageStream<RawMessage>) -> Self {
        RawPayload::of(Content::Messages(messages), Framing::NONE)
    }
}

/// One message that an interceptor made.
impl From<RawMessage> for RawPayload {
    fn from(message: RawMessage) -> Self {
        MessageStream::new(tokio_stream::once(Ok(message))).into()
    }
}

impl Payload<RawMessage> for RawPayload {
    fn is_stream(&self) -> bool {
        true
    }

    fn single(&self) -> Option<&RawMessage> {
        None
    }

    fn single_mut(&mut self) -> Option<&mut RawMessage> {
        None
    }

    fn inspect_messages(self, inspect: impl FnMut(&RawMessage) + Send + 'static) -> Self {
        self.map(|messages| messages.inspect_messages(inspect))
    }

    fn map_messages(self, map: impl FnMut(RawMessage) -> RawMessage + Send + 'static) -> Self {
        self.map(|messages| messages.map_messages(map))
    }

    fn try_map_messages(
        self,
        map: impl FnMut(RawMessage) -> Result<RawMessage, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        let framing = self.framing;
        let messages = self.into_messages().try_map_messages(map)?;
        Ok(RawPayload::of(Content::Messages(messages), framing))
    }

    fn map_errors(self, map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        self.map(|messages| messages.map_errors(map))
    }

    fn map_stream(
        self,
        map: impl FnOnce(MessageStream<RawMessage>) -> MessageStream<RawMessage>,
    ) -> Self {
        self.map(|messages| Payload::<RawMessage>::map_stream(messages, map))
    }

    fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self {
        self.map(|messages| messages.map_trailers(map))
    }

    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        self.map(|messages| messages.on_end(on_end))
    }

    fn watched_by(self, watcher: &mut impl Watcher<RawMessage>) -> Self {
        self.watched(|| watcher.share(), |message, show| show(&message))
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        let (framing, size) = (self.framing, self.size);
        let content = match self.content.into_inner() {
            Content::Body(body) => {
                Content::Frames(wrap.wrap(MessageStream::from_source(FromBody(body))))
            }
            Content::Frames(frames) => Content::Frames(wrap.wrap(frames)),
            Content::Messages(messages) => Content::Messages(wrap.wrap(messages)),
        };
        RawPayload { size, ..RawPayload::of(content, framing) }
    }
}

impl fmt::Debug for RawPayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawPayload").finish_non_exhaustive()
    }
}
