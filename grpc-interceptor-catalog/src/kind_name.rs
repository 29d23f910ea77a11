use grpc_interceptor_runtime::RpcKind;

/// The name of an RPC kind, spelled as in go-grpc-middleware.
pub(crate) const fn kind_name(kind: RpcKind) -> &'static str {
    match kind {
        RpcKind::Unary => "unary",
        RpcKind::ClientStreaming => "client_stream",
        RpcKind::ServerStreaming => "server_stream",
        RpcKind::Bidirectional => "bidi_stream",
        _ => "unknown",
    }
}
