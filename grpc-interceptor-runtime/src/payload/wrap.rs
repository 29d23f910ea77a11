use super::message_stream::MessageStream;

/// What is put around a stream that never looks into its messages, whatever they are: so it also goes around the
/// frames that messages are still encoded in.
pub trait WrapStream {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M>;
}
