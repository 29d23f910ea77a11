use std::{cell::RefCell, fmt, mem, time::Instant};

use http_body::Body as _;
use tonic::{Status, body::Body, metadata::MetadataMap};

use super::{
    ahead::{frames_ahead, read_ahead, replay},
    decode::{Decoded, FromBody, Piece},
    encode::{OfFrames, OfMessages},
    framing::Framing,
    guarded_body::GuardedBody,
    late::Late,
    message::RawMessage,
    or_failure::OrFailure,
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
}

pub(super) enum Content {
    /// As it came.
    Body(Body),
    /// With something around it that doesn't look into messages.
    Frames(MessageStream<Piece>),
    Messages(MessageStream<RawMessage>),
}

impl Content {
    /// To put something around.
    fn frames_or_messages(self) -> Result<MessageStream<Piece>, MessageStream<RawMessage>> {
        match self {
            Content::Body(body) => Ok(MessageStream::from_source(FromBody(body))),
            Content::Frames(frames) => Ok(frames),
            Content::Messages(messages) => Err(messages),
        }
    }
}

impl RawPayload {
    pub(crate) fn new(body: Body, framing: Framing) -> Self {
        RawPayload::of(Content::Body(body), framing)
    }

    fn of(content: Content, framing: Framing) -> Self {
        RawPayload { content: RefCell::new(content), framing }
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

    /// The messages, and what [`of_messages`](Self::of_messages) needs to make a payload of them again.
    pub(crate) fn into_messages_and_framing(self) -> (MessageStream<RawMessage>, Framing) {
        let framing = self.framing;
        (self.into_messages(), framing)
    }

    pub(crate) fn of_messages(messages: MessageStream<RawMessage>, framing: Framing) -> Self {
        RawPayload::of(Content::Messages(messages), framing)
    }

    fn map(self, map: impl FnOnce(MessageStream<RawMessage>) -> MessageStream<RawMessage>) -> Self {
        let (messages, framing) = self.into_messages_and_framing();
        RawPayload::of_messages(map(messages), framing)
    }

    /// A body again, for whoever is inside or outside of the layer.
    pub(crate) fn into_body(self, framing: Framing) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => body,
            Content::Frames(frames) => Body::new(OfFrames::new(frames, framing)),
            Content::Messages(messages) => Body::new(OfMessages::new(messages, framing)),
        }
    }

    /// The same on a client, where a request is read in a task of its own. What fails there, or panics, is noted.
    pub(crate) fn into_sent_body(self, framing: Framing, failure: &Failure) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => Body::new(GuardedBody::new(body, failure)),
            Content::Frames(frames) => {
                Body::new(OfFrames::new(Noted::new(frames, failure), framing))
            }
            Content::Messages(messages) => {
                Body::new(OfMessages::new(Noted::new(messages, failure), framing))
            }
        }
    }

    /// Of a response that has just come: ends it with what the request failed with.
    pub(crate) fn or_failure(self, failure: Failure) -> Self {
        let framing = self.framing;
        RawPayload::of(
            match self.content.into_inner().frames_or_messages() {
                Ok(frames) => {
                    Content::Frames(frames.wrap(|frames| OrFailure::new(frames, failure)))
                }
                Err(messages) => Content::Messages(messages.or_failure(move || failure.take())),
            },
            framing,
        )
    }

    /// The same: ends it at the deadline.
    pub(crate) fn in_time(self, deadline: Instant) -> Self {
        let framing = self.framing;
        RawPayload::of(
            match self.content.into_inner().frames_or_messages() {
                Ok(frames) => {
                    let frames = frames.wrap(|frames| Late::new(frames, deadline));
                    Content::Frames(frames.in_time(Some(deadline)))
                }
                Err(messages) => Content::Messages(messages.in_time(Some(deadline))),
            },
            framing,
        )
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
        Some(RawPayload::of(copy?, framing))
    }

    /// Has its frames watched. If its messages are decoded already, it comes back: they are to be watched.
    #[allow(clippy::result_large_err, reason = "it is no error: the payload goes on")]
    pub(crate) fn watched_in_frames(
        self,
        watch: impl FnOnce() -> Watch,
        show: Show,
    ) -> Result<Self, Self> {
        let framing = self.framing;
        let frames = match self.content.into_inner() {
            // Nobody polls a body that is over.
            Content::Body(body) if body.is_end_stream() => {
                let end = end_of_body(framing);
                watch().end(match &end {
                    Ok(()) => StreamEnd::Complete { trailers: None },
                    Err(status) => StreamEnd::Failed(status),
                });
                return Ok(RawPayload::of(Content::Body(body), framing));
            }
            Content::Body(body) => MessageStream::from_source(FromBody(body)),
            Content::Frames(frames) => frames,
            Content::Messages(messages) => {
                return Err(RawPayload::of_messages(messages, framing));
            }
        };
        let watch = watch();
        let frames = frames.wrap(|source| Watched::new(source, framing, watch, show));
        Ok(RawPayload::of(Content::Frames(frames), framing))
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
        match self.watched_in_frames(|| watcher.share(), |message, show| show(&message)) {
            Ok(watched) => watched,
            Err(decoded) => decoded.map(|messages| messages.watched(watcher.share())),
        }
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        let framing = self.framing;
        let content = match self.content.into_inner().frames_or_messages() {
            Ok(frames) => Content::Frames(wrap.wrap(frames)),
            Err(messages) => Content::Messages(wrap.wrap(messages)),
        };
        RawPayload::of(content, framing)
    }
}

impl fmt::Debug for RawPayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawPayload").finish_non_exhaustive()
    }
}
