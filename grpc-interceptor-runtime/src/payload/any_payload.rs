//! What travels through a list is a payload, too.

use tonic::{Status, metadata::MetadataMap};

use super::{
    erase::{AnyMessage, AnyPayload, Content},
    message_stream::MessageStream,
    payload::Payload,
    raw::{RawMessage, Show},
    stream_end::StreamEnd,
    watch::Watcher,
    wrap::WrapStream,
};

/// The same of either content. To look into what is still encoded makes a stream of it.
macro_rules! each {
    ($payload:expr, $content:ident => $result:expr) => {
        AnyPayload(match $payload.decoded().0 {
            Content::Message($content) => Content::Message($result),
            Content::Stream($content) => Content::Stream($result),
            raw @ Content::Raw(_) => raw,
        })
    };
}

impl Payload<AnyMessage> for AnyPayload {
    fn is_stream(&self) -> bool {
        matches!(self.0, Content::Stream(_) | Content::Raw(_))
    }

    fn single(&self) -> Option<&AnyMessage> {
        match &self.0 {
            Content::Message(message) => Some(message),
            Content::Stream(_) | Content::Raw(_) => None,
        }
    }

    fn single_mut(&mut self) -> Option<&mut AnyMessage> {
        match &mut self.0 {
            Content::Message(message) => Some(message),
            Content::Stream(_) | Content::Raw(_) => None,
        }
    }

    fn inspect_messages(self, inspect: impl FnMut(&AnyMessage) + Send + 'static) -> Self {
        each!(self, content => Payload::<AnyMessage>::inspect_messages(content, inspect))
    }

    fn map_messages(self, map: impl FnMut(AnyMessage) -> AnyMessage + Send + 'static) -> Self {
        each!(self, content => Payload::<AnyMessage>::map_messages(content, map))
    }

    fn try_map_messages(
        self,
        map: impl FnMut(AnyMessage) -> Result<AnyMessage, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        Ok(each!(self, content => Payload::<AnyMessage>::try_map_messages(content, map)?))
    }

    fn map_errors(self, map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        each!(self, content => Payload::<AnyMessage>::map_errors(content, map))
    }

    fn map_stream(
        self,
        map: impl FnOnce(MessageStream<AnyMessage>) -> MessageStream<AnyMessage>,
    ) -> Self {
        each!(self, content => Payload::<AnyMessage>::map_stream(content, map))
    }

    fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self {
        each!(self, content => Payload::<AnyMessage>::map_trailers(content, map))
    }

    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        each!(self, content => Payload::<AnyMessage>::on_end(content, on_end))
    }

    fn watched_by(self, watcher: &mut impl Watcher<AnyMessage>) -> Self {
        if let Content::Raw(raw) = self.0 {
            let show: Show = |message, show| show(&AnyMessage::new(message));
            return AnyPayload(Content::Raw(raw.watched(watcher.share(), show)));
        }
        each!(self, content => Payload::<AnyMessage>::watched_by(content, watcher))
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        if let Content::Raw(raw) = self.0 {
            return AnyPayload(Content::Raw(Payload::<RawMessage>::wrap_stream(raw, wrap)));
        }
        each!(self, content => Payload::<AnyMessage>::wrap_stream(content, wrap))
    }
}
