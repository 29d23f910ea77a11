use grpc_interceptor::interceptors::Rpcz;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;

use super::http_call::unary;
use crate::{
    measure::Case,
    peers::{Peer, handler::Bare, ours::observe},
};

pub fn cases() -> Vec<Case> {
    macro_rules! with {
        ($interceptors:expr) => {
            GreeterServer::with_interceptors(Bare, $interceptors)
        };
    }
    vec![
        unary(Peer::Bare, 0, GreeterServer::new(Bare)),
        unary(Peer::Creation, 0, with!(())),
        unary(Peer::Creation, 1, with!(observe)).note("is told the end of the call"),
        unary(Peer::Creation, 1, with!(Rpcz::new())).note("`Rpcz`"),
        unary(Peer::Creation, 1, with!(Rpcz::new().metadata([""; 0])))
            .note("`Rpcz` without metadata"),
    ]
}
