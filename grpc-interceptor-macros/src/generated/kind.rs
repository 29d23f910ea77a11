/// A kind of RPC, as generated code has it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Kind {
    Unary,
    ClientStreaming,
    ServerStreaming,
    Bidirectional,
}

impl Kind {
    /// The kind, by the method of tonic's `Grpc` that generated code calls. Clients and servers use the same names.
    pub(crate) fn of(grpc_method: &str) -> Option<Self> {
        Some(match grpc_method {
            "unary" => Kind::Unary,
            "client_streaming" => Kind::ClientStreaming,
            "server_streaming" => Kind::ServerStreaming,
            "streaming" => Kind::Bidirectional,
            _ => return None,
        })
    }

    pub(crate) fn client_streams(self) -> bool {
        matches!(self, Kind::ClientStreaming | Kind::Bidirectional)
    }

    pub(crate) fn server_streams(self) -> bool {
        matches!(self, Kind::ServerStreaming | Kind::Bidirectional)
    }
}
