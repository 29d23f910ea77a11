use std::{cell::RefCell, fmt, mem, time::Instant};

use tonic::{Status, body::Body, metadata::MetadataMap};

use super::{
    ahead::{Broken, pieces_ahead, read_ahead, replay},
    boxed::boxed,
    decode::{Decoded, FromBody, Piece},
    encode::{OfFrames, OfMessages},
    framing::Framing,
    guarded_body::GuardedBody,
    late::Late,
    message::RawMessage,
    or_failure::OrFailure,
    watch::{Show, Watching},
    watched::{WatchedBody, WatchedPieces},
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

/// The payload in an [`InterceptorLayer`](crate::InterceptorLayer): the body of a request or a
/// response, as a [`Payload`] of [`RawMessage`]s.
///
/// In a layer it is always a stream, even if the RPC has a single message. An interceptor runs
/// before the message has been read, so that it can refuse the call. Until an interceptor inspects
/// the messages, the body's frames pass unchanged.
pub struct RawPayload {
    /// In a cell, because a request that is to be sent again is read ahead while borrowed.
    content: RefCell<Content>,
    framing: Framing,
    /// Whether it runs no interceptor code.
    is_callers_own: bool,
}

enum Content {
    /// The body as received.
    Body(Body),
    /// The frames, in wrappers that don't inspect messages. Boxed, because a payload is moved often
    /// and is usually a body.
    Frames(Box<MessageStream<Piece>>),
    Messages(Box<MessageStream<RawMessage>>),
}

impl Content {
    /// Unpacks the content, so that it can be wrapped.
    fn pieces_or_messages(self) -> Result<MessageStream<Piece>, MessageStream<RawMessage>> {
        match self {
            Content::Body(body) => Ok(MessageStream::from_source(FromBody(body))),
            Content::Frames(pieces) => Ok(*pieces),
            Content::Messages(messages) => Err(*messages),
        }
    }

    fn frames(frames: MessageStream<Piece>) -> Self {
        Content::Frames(Box::new(frames))
    }

    fn messages(messages: MessageStream<RawMessage>) -> Self {
        Content::Messages(Box::new(messages))
    }
}

impl RawPayload {
    pub(crate) fn new(body: Body, framing: Framing) -> Self {
        RawPayload { content: RefCell::new(Content::Body(body)), framing, is_callers_own: true }
    }

    fn of(content: Content, framing: Framing) -> Self {
        RawPayload { content: RefCell::new(content), framing, is_callers_own: false }
    }

    /// Returns whether this is a client's own request that runs no interceptor code.
    pub(crate) fn is_callers_own(&self) -> bool {
        self.is_callers_own
    }

    /// Returns whether its bytes may differ from those received.
    pub(crate) fn is_rewritten(&self) -> bool {
        !matches!(*self.content.borrow(), Content::Body(_))
    }

    /// Returns whether its messages may differ from those received.
    pub(crate) fn is_decoded(&self) -> bool {
        matches!(*self.content.borrow(), Content::Messages(_))
    }

    /// Converts the payload to a stream of its messages.
    #[must_use]
    pub fn into_messages(self) -> MessageStream<RawMessage> {
        let framing = self.framing;
        let mut frames = match self.content.into_inner() {
            Content::Messages(messages) => return *messages,
            Content::Frames(frames) => *frames,
            Content::Body(body) => MessageStream::from_source(FromBody(body)),
        };
        let scopes = frames.take_scopes();
        MessageStream::from_source(Decoded::new(frames, framing)).with_scopes(scopes)
    }

    /// Returns the messages, and the framing that [`of_messages`](Self::of_messages) needs to
    /// rebuild the payload.
    pub(crate) fn into_messages_and_framing(self) -> (MessageStream<RawMessage>, Framing) {
        let framing = self.framing;
        (self.into_messages(), framing)
    }

    pub(crate) fn of_messages(messages: MessageStream<RawMessage>, framing: Framing) -> Self {
        RawPayload::of(Content::messages(messages), framing)
    }

    fn map(self, map: impl FnOnce(MessageStream<RawMessage>) -> MessageStream<RawMessage>) -> Self {
        let (messages, framing) = self.into_messages_and_framing();
        RawPayload::of_messages(map(messages), framing)
    }

    /// Converts the payload back to a body, to leave the layer in either direction.
    pub(crate) fn into_body(self, framing: Framing) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => body,
            Content::Frames(frames) => boxed(OfFrames::new(*frames, framing)),
            Content::Messages(messages) => boxed(OfMessages::new(*messages, framing)),
        }
    }

    /// Does the same on a client, where a request is read in a separate task. Records an error or a
    /// panic there.
    pub(crate) fn into_sent_body(self, framing: Framing, failure: &Failure) -> Body {
        match self.content.into_inner() {
            Content::Body(body) => boxed(GuardedBody::new(body, failure)),
            Content::Frames(frames) => boxed(OfFrames::new(Noted::new(*frames, failure), framing)),
            Content::Messages(messages) => {
                boxed(OfMessages::new(Noted::new(*messages, failure), framing))
            }
        }
    }

    /// Makes a response end with the request's failure, if there is one.
    pub(crate) fn or_failure(self, failure: Failure) -> Self {
        let framing = self.framing;
        let content = match self.content.into_inner().pieces_or_messages() {
            Ok(pieces) => Content::frames(pieces.wrap(|pieces| OrFailure::new(pieces, failure))),
            Err(messages) => Content::messages(messages.or_failure(move || failure.take())),
        };
        RawPayload::of(content, framing)
    }

    /// Makes a response end at the deadline.
    pub(crate) fn in_time(self, deadline: Instant) -> Self {
        let framing = self.framing;
        let content = match self.content.into_inner().pieces_or_messages() {
            Ok(pieces) => {
                let pieces = pieces.wrap(|pieces| Late::new(pieces, deadline));
                Content::frames(pieces.in_time(Some(deadline)))
            }
            Err(messages) => Content::messages(messages.in_time(Some(deadline))),
        };
        RawPayload::of(content, framing)
    }

    /// Returns a copy of a request, if it is a single message that is fully available: the request
    /// of a client's unary RPC.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        let mut content = self.content.borrow_mut();
        let framing = self.framing;
        // Reading ahead may panic. Nothing can be sent in that case.
        let taken = mem::replace(&mut *content, Content::Body(Body::new(Broken)));
        let copy = match taken.pieces_or_messages() {
            Ok(pieces) => {
                let (pieces, copy) = pieces_ahead(pieces, framing);
                *content = Content::frames(pieces);
                copy.map(Content::frames)
            }
            Err(messages) => {
                let mut count = 0;
                let is_first = |_: &RawMessage| {
                    count += 1;
                    count == 1
                };
                let (messages, copy) = read_ahead(messages, RawMessage::clone, is_first);
                *content = Content::messages(messages);
                copy.filter(|copy| copy.len() == 1).map(|copy| Content::messages(replay(copy)))
            }
        };
        Some(RawPayload::of(copy?, framing))
    }

    /// Attaches a watcher to frames that aren't decoded.
    pub(crate) fn watched_in_frames(self, watch: Watch, show: Show) -> Self {
        let framing = self.framing;
        let is_callers_own = self.is_callers_own && !watch.looks();
        let watching = Watching::new(framing, watch, show);
        let content = match self.content.into_inner() {
            Content::Body(body) => Content::Body(boxed(WatchedBody::new(body, watching))),
            Content::Frames(pieces) => {
                Content::frames(pieces.wrap(|source| WatchedPieces::new(source, watching)))
            }
            messages @ Content::Messages(_) => messages,
        };
        RawPayload { content: RefCell::new(content), framing, is_callers_own }
    }
}

/// Wraps messages that an interceptor created.
impl From<MessageStream<RawMessage>> for RawPayload {
    fn from(messages: MessageStream<RawMessage>) -> Self {
        RawPayload::of(Content::messages(messages), Framing::NONE)
    }
}

/// Wraps a single message that an interceptor created.
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
        Ok(RawPayload::of(Content::messages(messages), framing))
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
        match self.is_decoded() {
            true => self.map(|messages| messages.watched(watcher.share())),
            false => self.watched_in_frames(watcher.share(), |message, show| show(&message)),
        }
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        let framing = self.framing;
        let content = match self.content.into_inner().pieces_or_messages() {
            Ok(pieces) => Content::frames(wrap.wrap(pieces)),
            Err(messages) => Content::messages(wrap.wrap(messages)),
        };
        RawPayload::of(content, framing)
    }
}

impl fmt::Debug for RawPayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawPayload").finish_non_exhaustive()
    }
}
