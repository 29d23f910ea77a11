use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;

use super::http_call::unary;
use crate::{
    measure::Case,
    peers::{
        Peer,
        handler::Bare,
        ours::{ErrorsAndPanics, ErrorsMapped, ErrorsToStatus, PanicsCaught, Pass0},
    },
};

pub fn cases() -> Vec<Case> {
    let (errors, mapped) = (GreeterServer::new(ErrorsToStatus), GreeterServer::new(ErrorsMapped));
    let (panics, both) = (GreeterServer::new(PanicsCaught), GreeterServer::new(ErrorsAndPanics));
    vec![
        unary(Peer::Bare, 0, GreeterServer::new(Bare)),
        unary(Peer::Attribute, 0, GreeterServer::new(Pass0)),
        unary(Peer::Attribute, 1, errors).note("`ErrorToStatus`"),
        unary(Peer::Attribute, 1, mapped).note("`ErrorToStatus` with two mappers"),
        unary(Peer::Attribute, 1, panics).note("`CatchPanic`"),
        unary(Peer::Attribute, 2, both).note("`CatchPanic` and `ErrorToStatus`"),
    ]
}
