//! A codec for request streams in which an interceptor may put an error.

use std::sync::{Arc, Mutex, PoisonError};

use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};

use crate::MessageStream;

/// The status that a request stream failed with, which comes before any other that the call may
/// have: the server sees no more than that the client gave the call up.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<Status>>>);

impl Failure {
    pub(super) fn get(&self) -> Option<Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, status: Status) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
    }
}

/// Encodes messages by the codec `C`. At an error it notes the status and fails, so that the
/// request's body ends there and HTTP/2 resets the stream.
pub(super) struct FallibleCodec<C> {
    codec: C,
    pub(super) failure: Option<Failure>,
}

impl<C> FallibleCodec<C> {
    /// For these messages. Where none of them can be an error, there is nothing to note.
    pub(super) fn of<M: Send + 'static>(codec: C, messages: &MessageStream<M>) -> Self {
        FallibleCodec { codec, failure: messages.can_fail().then(Failure::default) }
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
    failure: Option<Failure>,
}

impl<E: Encoder<Error = Status>> Encoder for FallibleEncoder<E> {
    type Item = Result<E::Item, Status>;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        match item {
            Ok(message) => self.encoder.encode(message, buffer),
            Err(status) => {
                if let Some(failure) = &self.failure {
                    failure.set(status.clone());
                }
                Err(status)
            }
        }
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.encoder.buffer_settings()
    }
}
