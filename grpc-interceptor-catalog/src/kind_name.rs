use grpc_interceptor_runtime::RpcKind;

/// A kind of RPC, as go-grpc-middleware writes it.
pub(crate) const fn kind_name(kind: RpcKind) -> &'static str {
    match kind {
        RpcKind::Unary => "unary",
        RpcKind::ClientStreaming => "client_stream",
        RpcKind::ServerStreaming => "server_stream",
        RpcKind::Bidirectional => "bidi_stream",
        _ => "unknown",
    }
}
