use bytes::Bytes;
use prost::Message;
use tonic::Status;

use super::{erase::AnyMessage, raw::RawMessage};

/// A message whose encoded bytes are available.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't a message of prost's",
    label = "its bytes aren't known"
)]
pub trait EncodedMessage {
    /// Returns the message's bytes, uncompressed.
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
