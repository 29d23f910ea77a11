use super::message_stream::MessageStream;

/// A wrapper around a stream that never inspects its messages, of whatever type. It can therefore
/// also wrap the frames of messages that are still encoded.
pub trait WrapStream {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M>;
}
