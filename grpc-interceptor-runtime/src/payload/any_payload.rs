//! The payloads in a list are payloads too.

use std::any::Any;

use tonic::{Status, metadata::MetadataMap};

use super::{
    erase::{AnyMessage, AnyPayload, Content, erase_messages, restore_messages},
    message_stream::MessageStream,
    payload::Payload,
    raw::{RawMessage, RawPayload},
    stream_end::StreamEnd,
    watch::Watcher,
    wrap::WrapStream,
};

/// Applies the same expression to any content. In a layer it stays raw, so that it can still be
/// cloned.
macro_rules! each {
    ($payload:expr, $content:ident => $result:expr) => {
        AnyPayload(match $payload.0 {
            Content::Message($content) => Content::Message($result),
            Content::Stream($content) => Content::Stream($result),
            Content::Raw(raw) => {
                let (messages, framing) = raw.into_messages_and_framing();
                let $content = erase_messages(messages);
                Content::Raw(RawPayload::of_messages(restore_messages($result), framing))
            }
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
        let payload = match self.0 {
            Content::Raw(raw) if !raw.is_decoded() => {
                return AnyPayload(Content::Raw(raw.watched_in_frames(watcher.share(), show_any)));
            }
            content => AnyPayload(content),
        };
        each!(payload, content => Payload::<AnyMessage>::watched_by(content, watcher))
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        if let Content::Raw(raw) = self.0 {
            return AnyPayload(Content::Raw(Payload::<RawMessage>::wrap_stream(raw, wrap)));
        }
        each!(self, content => Payload::<AnyMessage>::wrap_stream(content, wrap))
    }
}

fn show_any(message: RawMessage, show: &mut dyn FnMut(&dyn Any)) {
    show(&AnyMessage::new(message));
}
