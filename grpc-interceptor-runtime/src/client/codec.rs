//! A codec for request streams that can contain an interceptor's error.

use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};

use crate::payload::Failure;

/// Encodes messages with the codec `C`. At an error it records the status and fails, so that the
/// request body ends there and HTTP/2 resets the stream.
pub(super) struct FallibleCodec<C> {
    codec: C,
    failure: Failure,
}

impl<C> FallibleCodec<C> {
    pub(super) fn new(codec: C, failure: Failure) -> Self {
        FallibleCodec { codec, failure }
    }
}

impl<C: Codec<Encode: Sync, Decode: Sync>> Codec for FallibleCodec<C> {
    type Encode = Result<C::Encode, Status>;
    type Decode = C::Decode;
    type Encoder = FallibleEncoder<C::Encoder>;
    type Decoder = C::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        FallibleEncoder { encoder: self.codec.encoder(), failure: self.failure.clone() }
    }

    fn decoder(&mut self) -> C::Decoder {
        self.codec.decoder()
    }
}

pub(super) struct FallibleEncoder<E> {
    encoder: E,
    failure: Failure,
}

impl<E: Encoder<Error = Status>> Encoder for FallibleEncoder<E> {
    type Item = Result<E::Item, Status>;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        match item {
            Ok(message) => self.encoder.encode(message, buffer),
            Err(status) => {
                self.failure.set_status(status.clone());
                Err(status)
            }
        }
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.encoder.buffer_settings()
    }
}
