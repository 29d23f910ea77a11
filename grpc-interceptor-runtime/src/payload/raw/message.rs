use std::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;
use tonic::Status;

use super::{decompress::decompress, framing::Encoding};

/// The bytes before each message on the wire: whether it is compressed, and how long it is.
pub(super) const PREFIX: usize = 5;

/// A message that is still encoded: what travels through an
/// [`InterceptorLayer`](crate::InterceptorLayer), where its type isn't known.
///
/// A clone shares the bytes. They are decompressed only when somebody asks for [them](Self::bytes), or for the
/// [size](Self::size).
///
/// ```
/// # use grpc_interceptor_proto::greeter::HelloRequest;
/// use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload, RawMessage};
/// use tonic::Request;
///
/// /// In a layer: prints who is greeted, and how many bytes each message has.
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
    /// With the prefix, so that it goes out as it came in.
    wire: Bytes,
    encoding: Encoding,
    limit: usize,
}

impl RawMessage {
    /// A message of its encoded bytes, which aren't compressed.
    ///
    /// # Panics
    ///
    /// If there are 4 GiB of them or more, which gRPC has no length for.
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
    /// If it has 4 GiB or more.
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

    /// For a body whose headers say that its messages are compressed like this. One that comes from elsewhere may be
    /// compressed in another way.
    pub(super) fn into_wire(self, encoding: Encoding) -> Result<Bytes, Status> {
        match self.is_compressed() && self.encoding != encoding {
            false => Ok(self.wire),
            true => self.bytes().map(|bytes| RawMessage::new(&bytes).wire),
        }
    }

    /// The encoded bytes. If the message is compressed, this decompresses it, each time anew.
    ///
    /// # Errors
    ///
    /// For a message that is compressed: UNIMPLEMENTED if this crate's feature for that compression is off
    /// (`gzip`, `deflate`, `zstd`), INTERNAL if the bytes are broken, and RESOURCE_EXHAUSTED if there are more
    /// of them than the layer's
    /// [`max_message_size`](crate::InterceptorLayer::max_message_size).
    pub fn bytes(&self) -> Result<Bytes, Status> {
        match self.is_compressed() {
            false => Ok(self.wire.slice(PREFIX..)),
            true => decompress(self.wire.clone(), self.encoding, self.limit),
        }
    }

    /// Decodes the message, if you know its type.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes), and INTERNAL if the bytes aren't an `M`.
    pub fn decode<M: Message + Default>(&self) -> Result<M, Status> {
        M::decode(self.bytes()?).map_err(|error| Status::internal(error.to_string()))
    }

    /// How many bytes the encoded message has. If it is compressed, this decompresses it.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes).
    pub fn size(&self) -> Result<usize, Status> {
        match self.is_compressed() {
            false => Ok(self.size_on_wire()),
            true => self.bytes().map(|bytes| bytes.len()),
        }
    }

    /// How many bytes the message has on the wire, compressed or not, without the five bytes that gRPC puts
    /// before each message.
    #[must_use]
    pub fn size_on_wire(&self) -> usize {
        self.wire.len() - PREFIX
    }

    /// Whether the message is compressed on the wire.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.wire[0] & 1 == 1
    }
}

/// Tells the size, and nothing of what is in it.
impl fmt::Debug for RawMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawMessage")
            .field("size_on_wire", &self.size_on_wire())
            .field("is_compressed", &self.is_compressed())
            .finish_non_exhaustive()
    }
}
