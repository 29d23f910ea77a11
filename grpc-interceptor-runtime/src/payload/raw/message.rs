use std::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;
use tonic::Status;

use super::{decompress::decompress, framing::Encoding};

/// The size of the prefix of each message on the wire: a compression flag and the length.
pub(super) const PREFIX: usize = 5;

/// A message that is still encoded. It is the message type of an
/// [`InterceptorLayer`](crate::InterceptorLayer), which doesn't know the actual types.
///
/// A clone shares the bytes. They are decompressed only on a call to [`bytes`](Self::bytes),
/// [`decode`](Self::decode) or [`size`](Self::size).
///
/// ```
/// # use grpc_interceptor_proto::greeter::HelloRequest;
/// use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload, RawMessage};
/// use tonic::Request;
///
/// /// Goes into a layer. Prints who is greeted, and the size of each message.
/// struct Print;
///
/// impl<N: Next<RequestMessage = RawMessage>> Interceptor<N> for Print {
///     async fn intercept(&self, request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///         let is_hello = context.method_name().method() == "SayHello";
///         let request = request.map(|payload| {
///             payload.inspect_messages(move |message| {
///                 println!("{} bytes", message.size_on_wire());
///                 if is_hello && let Ok(hello) = message.decode::<HelloRequest>() {
///                     println!("for {}", hello.name);
///                 }
///             })
///         });
///         next.run(request).await
///     }
/// }
/// ```
#[derive(Clone)]
pub struct RawMessage {
    /// Includes the prefix, so that it is sent as it was received.
    wire: Bytes,
    encoding: Encoding,
    limit: usize,
}

impl RawMessage {
    /// Creates a message from its encoded, uncompressed bytes.
    ///
    /// # Panics
    ///
    /// Panics if there are 4 GiB or more, which is too long for gRPC's length field.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self::build(bytes.len(), |wire| wire.put_slice(bytes))
    }

    /// Encodes a message.
    ///
    /// ```
    /// # use grpc_interceptor_proto::greeter::HelloReply;
    /// use grpc_interceptor::RawMessage;
    ///
    /// let message = RawMessage::encode(&HelloReply { message: "Hello!".to_owned() });
    /// assert_eq!(message.decode::<HelloReply>()?.message, "Hello!");
    /// # Ok::<(), tonic::Status>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the encoded message has 4 GiB or more.
    #[must_use]
    pub fn encode(message: &impl Message) -> Self {
        Self::build(message.encoded_len(), |wire| {
            message.encode(wire).expect("a buffer that grows has room");
        })
    }

    fn build(length: usize, write: impl FnOnce(&mut BytesMut)) -> Self {
        let mut wire = BytesMut::with_capacity(PREFIX + length);
        wire.put_u8(0);
        wire.put_u32(length.try_into().expect("a message has less than 4 GiB"));
        write(&mut wire);
        RawMessage { wire: wire.freeze(), encoding: Encoding::None, limit: usize::MAX }
    }

    pub(super) fn of_wire(wire: Bytes, encoding: Encoding, limit: usize) -> Self {
        RawMessage { wire, encoding, limit }
    }

    /// Converts the message for a body whose headers specify this compression. A message from
    /// another body may be compressed differently.
    pub(super) fn into_wire(self, encoding: Encoding) -> Result<Bytes, Status> {
        match self.is_compressed() && self.encoding != encoding {
            false => Ok(self.wire),
            true => self.bytes().map(|bytes| RawMessage::new(&bytes).wire),
        }
    }

    /// Returns the encoded bytes. If the message is compressed, each call decompresses it.
    ///
    /// # Errors
    ///
    /// Fails only for a compressed message:
    ///
    /// - UNIMPLEMENTED if this crate's feature for that compression is disabled (`gzip`, `deflate`,
    ///   `zstd`);
    /// - INTERNAL if the bytes are corrupted;
    /// - RESOURCE_EXHAUSTED if they exceed the layer's
    ///   [`max_message_size`](crate::InterceptorLayer::max_message_size).
    pub fn bytes(&self) -> Result<Bytes, Status> {
        match self.is_compressed() {
            false => Ok(self.wire.slice(PREFIX..)),
            true => decompress(self.wire.clone(), self.encoding, self.limit),
        }
    }

    /// Decodes the message as an `M`.
    ///
    /// # Errors
    ///
    /// The same as [`bytes`](Self::bytes), and INTERNAL if the bytes aren't a valid `M`.
    pub fn decode<M: Message + Default>(&self) -> Result<M, Status> {
        M::decode(self.bytes()?).map_err(|error| Status::internal(error.to_string()))
    }

    /// Returns the size of the encoded message in bytes. Decompresses the message if it is
    /// compressed.
    ///
    /// # Errors
    ///
    /// The same as [`bytes`](Self::bytes).
    pub fn size(&self) -> Result<usize, Status> {
        match self.is_compressed() {
            false => Ok(self.size_on_wire()),
            true => self.bytes().map(|bytes| bytes.len()),
        }
    }

    /// Returns the size of the message on the wire in bytes, compressed or not.
    ///
    /// The five bytes that gRPC puts before each message aren't included.
    #[must_use]
    pub fn size_on_wire(&self) -> usize {
        self.wire.len() - PREFIX
    }

    /// Returns whether the message is compressed on the wire.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.wire[0] & 1 == 1
    }
}

/// Writes the message's size, and none of its contents.
impl fmt::Debug for RawMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawMessage")
            .field("size_on_wire", &self.size_on_wire())
            .field("is_compressed", &self.is_compressed())
            .finish_non_exhaustive()
    }
}
