use grpc_interceptor::interceptors::Rpcz;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;

use super::http_call::unary;
use crate::{
    measure::Case,
    peers::{Peer, handler::Bare, ours::observe},
};

pub fn cases() -> Vec<Case> {
    let with = GreeterServer::with_interceptors;
    vec![
        unary(Peer::Bare, 0, GreeterServer::new(Bare)),
        unary(Peer::Creation, 0, with(Bare, ())),
        unary(Peer::Creation, 1, with(Bare, observe)).note("is told the end of the call"),
        unary(Peer::Creation, 1, with(Bare, Rpcz::new())).note("`Rpcz`"),
        unary(Peer::Creation, 1, with(Bare, Rpcz::new().metadata([""; 0])))
            .note("`Rpcz` without metadata"),
    ]
}
