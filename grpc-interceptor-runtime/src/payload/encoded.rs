use bytes::Bytes;
use prost::Message;
use tonic::Status;

use super::{erase::AnyMessage, raw::RawMessage};

/// A message whose encoded bytes are available: a prost message, a layer's [`RawMessage`], or an
/// [`AnyMessage`] in a layer. Use it as a bound for interceptors that work on bytes, as
/// [`AsJson`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/interceptors/struct.AsJson.html)
/// does.
///
/// Implement it for messages with your own codec, if they are protobuf on the wire.
///
/// ```
/// use grpc_interceptor::EncodedMessage;
/// use grpc_interceptor_proto::greeter::HelloRequest;
///
/// fn size(message: &impl EncodedMessage) -> Result<usize, tonic::Status> {
///     Ok(message.encoded()?.len())
/// }
///
/// # fn main() -> Result<(), tonic::Status> {
/// assert_eq!(size(&HelloRequest { name: "Ada".to_owned() })?, 5);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't a prost message",
    label = "its encoded bytes are unknown"
)]
pub trait EncodedMessage {
    /// Returns the message's bytes, uncompressed and without the header of a gRPC frame. A prost
    /// message is encoded again on each call.
    ///
    /// # Errors
    ///
    /// The same as [`RawMessage::bytes`], and UNIMPLEMENTED for a message in a `List` that isn't in
    /// a layer.
    fn encoded(&self) -> Result<Bytes, Status>;
}

impl<M: Message> EncodedMessage for M {
    fn encoded(&self) -> Result<Bytes, Status> {
        Ok(self.encode_to_vec().into())
    }
}

impl EncodedMessage for RawMessage {
    fn encoded(&self) -> Result<Bytes, Status> {
        self.bytes()
    }
}

impl EncodedMessage for AnyMessage {
    fn encoded(&self) -> Result<Bytes, Status> {
        let raw = self.downcast_ref::<RawMessage>();
        raw.map_or_else(
            || Err(Status::unimplemented("the message's type isn't known")),
            RawMessage::bytes,
        )
    }
}
