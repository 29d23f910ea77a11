/// Whether an RPC has one message or many each way.
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
    /// It isn't known: in an [`InterceptorLayer`](crate::InterceptorLayer) that wasn't told of this RPC.
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

    /// Whether the client may send more than one message. `false` if that isn't known.
    #[must_use]
    pub const fn is_client_streaming(self) -> bool {
        matches!(self, RpcKind::ClientStreaming | RpcKind::Bidirectional)
    }

    /// Whether the server may send more than one message. `false` if that isn't known.
    #[must_use]
    pub const fn is_server_streaming(self) -> bool {
        matches!(self, RpcKind::ServerStreaming | RpcKind::Bidirectional)
    }
}

/// Where an interceptor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Around a handler.
    Server,
    /// Around a call that goes out.
    Client,
}
