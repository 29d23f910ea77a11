/// Whether an RPC has a single message or a stream in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RpcKind {
    /// One request, one response.
    Unary,
    /// Many requests, one response.
    ClientStreaming,
    /// One request, many responses.
    ServerStreaming,
    /// Many requests, many responses.
    Bidirectional,
    /// The kind isn't known: an [`InterceptorLayer`](crate::InterceptorLayer) hasn't been given it.
    Unknown,
}

impl RpcKind {
    pub(crate) const fn new(client_streaming: bool, server_streaming: bool) -> Self {
        match (client_streaming, server_streaming) {
            (false, false) => RpcKind::Unary,
            (true, false) => RpcKind::ClientStreaming,
            (false, true) => RpcKind::ServerStreaming,
            (true, true) => RpcKind::Bidirectional,
        }
    }

    /// Returns whether the client can send more than one message. `false` for
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub const fn is_client_streaming(self) -> bool {
        matches!(self, RpcKind::ClientStreaming | RpcKind::Bidirectional)
    }

    /// Returns whether the server can send more than one message. `false` for
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub const fn is_server_streaming(self) -> bool {
        matches!(self, RpcKind::ServerStreaming | RpcKind::Bidirectional)
    }
}

/// The side that an interceptor runs on.
// A call has two ends, so people can match both without a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// On a server, around a handler.
    Server,
    /// On a client, around an outgoing call.
    Client,
}
