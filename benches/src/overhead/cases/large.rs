use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;
use tonic_middleware::MiddlewareFor;

use super::http_call::large;
use crate::{
    measure::Case,
    peers::{
        Peer,
        handler::Bare,
        http_step::Nothing,
        middleware::Around,
        nested,
        ours::{Pass5, layer, look, observe, pass_value as pass},
        tower_layer::Layered,
    },
};

const MEBIBYTE: u32 = 1 << 20;

pub fn cases() -> Vec<Case> {
    let bare = || GreeterServer::new(Bare);
    let layered = nested!(|service| Layered(service, Nothing), bare(); 1 2 3 4 5);
    let middleware =
        nested!(|service| MiddlewareFor::new(service, Around(Nothing)), bare(); 1 2 3 4 5);
    let five = (pass, pass, pass, pass, pass);
    vec![
        large(MEBIBYTE, Peer::Bare, 0, bare()),
        large(MEBIBYTE, Peer::TowerLayer, 5, layered),
        large(MEBIBYTE, Peer::MiddlewareFor, 5, middleware),
        large(MEBIBYTE, Peer::Attribute, 5, GreeterServer::new(Pass5)),
        large(MEBIBYTE, Peer::Creation, 5, GreeterServer::with_interceptors(Bare, five)),
        large(MEBIBYTE, Peer::Layer, 5, layer(five, bare())),
        large(MEBIBYTE, Peer::Layer, 1, layer(observe, bare()))
            .note("observes the end of the call"),
        large(MEBIBYTE, Peer::Layer, 1, layer(look, bare())).note("looks at each message"),
    ]
}
