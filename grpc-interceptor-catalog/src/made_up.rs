use grpc_interceptor_runtime::{RpcKind, Side};

/// Returns whether the caller could have made up this RPC's name: in a server's layer that doesn't
/// know the services' methods. On a client, the names come from its own code.
pub(crate) fn is_made_up(side: Side, kind: RpcKind) -> bool {
    side == Side::Server && kind == RpcKind::Unknown
}
