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
    let without = Rpcz::new().metadata([""; 0]);
    vec![
        unary(Peer::Bare, 0, GreeterServer::new(Bare)),
        unary(Peer::Creation, 0, with!(())),
        unary(Peer::Creation, 1, with!(observe)).note("is told the end of the call"),
        warm(unary(Peer::Creation, 1, with!(Rpcz::new())).note("`Rpcz`")),
        warm(unary(Peer::Creation, 1, with!(without)).note("`Rpcz` without metadata")),
    ]
}

/// The first calls become samples, and have the buffers made that stay.
fn warm(mut case: Case) -> Case {
    (0..1000).for_each(|_| case.call());
    case
}
