use std::fmt;

use tonic::{client::Grpc, codec::CompressionEncoding};

use super::shared::Shared;

/// The inner part of a generated client, and its interceptors.
pub struct InterceptedGrpc<T, I> {
    pub(super) grpc: Shared<T>,
    pub(super) interceptors: I,
}

impl<T: Clone, I> InterceptedGrpc<T, I> {
    pub fn new(grpc: Grpc<T>, interceptors: I) -> Self {
        InterceptedGrpc { grpc: Shared::new(grpc), interceptors }
    }
}

impl<T, I> InterceptedGrpc<T, I> {
    /// For a transport that need not be `Clone`.
    pub fn one_at_a_time(grpc: Grpc<T>, interceptors: I) -> Self {
        InterceptedGrpc { grpc: Shared::of_one(grpc), interceptors }
    }

    #[must_use]
    pub fn send_compressed(self, encoding: CompressionEncoding) -> Self {
        self.map(|grpc| grpc.send_compressed(encoding))
    }

    #[must_use]
    pub fn accept_compressed(self, encoding: CompressionEncoding) -> Self {
        self.map(|grpc| grpc.accept_compressed(encoding))
    }

    #[must_use]
    pub fn max_decoding_message_size(self, limit: usize) -> Self {
        self.map(|grpc| grpc.max_decoding_message_size(limit))
    }

    #[must_use]
    pub fn max_encoding_message_size(self, limit: usize) -> Self {
        self.map(|grpc| grpc.max_encoding_message_size(limit))
    }

    fn map(self, map: impl FnOnce(Grpc<T>) -> Grpc<T>) -> Self {
        InterceptedGrpc { grpc: self.grpc.map(map), ..self }
    }
}

impl<T: Clone, I: Clone> Clone for InterceptedGrpc<T, I> {
    fn clone(&self) -> Self {
        InterceptedGrpc { grpc: self.grpc.clone(), interceptors: self.interceptors.clone() }
    }
}

impl<T, I> fmt::Debug for InterceptedGrpc<T, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InterceptedGrpc").finish_non_exhaustive()
    }
}
