use grpc_interceptor_runtime::{RpcKind, Side};

/// Whether a caller may have made up the name of such an RPC: in a server's layer that wasn't told which RPCs there are.
/// What a client calls, its own code names.
pub(crate) fn is_made_up(side: Side, kind: RpcKind) -> bool {
    side == Side::Server && kind == RpcKind::Unknown
}
