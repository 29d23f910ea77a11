use grpc_interceptor::interceptors::List;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;
use tonic_middleware::MiddlewareFor;

use super::http_call;
use crate::{
    measure::Case,
    peers::{
        Peer, async_interceptor,
        handler::{Bare, ByHand},
        http_step::Nothing,
        middleware::Around,
        nested,
        ours::{Look1, Observe1, Pass0, Pass1, Pass5, layer, look, observe, pass_value as pass},
        sync_interceptor,
        tower_layer::Layered,
    },
};

const LOOKS: &str = "looks at each message";
const OBSERVES: &str = "observes the end of the call";

/// The same cases for both kinds of stream.
macro_rules! cases {
    ($call:path) => {{
        let bare = || GreeterServer::new(Bare);
        let with_list = |list: List| GreeterServer::with_interceptors(Bare, list);
        let five = (pass, pass, pass, pass, pass);
        let layered = nested!(|service| Layered(service, Nothing), bare(); 1 2 3 4 5);
        let middleware =
            nested!(|service| MiddlewareFor::new(service, Around(Nothing)), bare(); 1 2 3 4 5);
        vec![
            $call(Peer::Bare, 0, bare()),
            $call(Peer::SyncInterceptor, 5, nested!(sync_interceptor::around, bare(); 1 2 3 4 5)),
            $call(Peer::TowerLayer, 5, layered),
            $call(Peer::MiddlewareFor, 5, middleware),
            $call(Peer::AsyncInterceptor, 5, nested!(async_interceptor::around, bare(); 1 2 3 4 5)),
            $call(Peer::Attribute, 0, GreeterServer::new(Pass0)),
            $call(Peer::Attribute, 1, GreeterServer::new(Pass1)),
            $call(Peer::Attribute, 5, GreeterServer::new(Pass5)),
            $call(Peer::Creation, 0, GreeterServer::with_interceptors(Bare, ())),
            $call(Peer::Creation, 1, GreeterServer::with_interceptors(Bare, pass)),
            $call(Peer::Creation, 5, GreeterServer::with_interceptors(Bare, five)),
            $call(Peer::List, 5, with_list([pass; 5].into_iter().collect())),
            $call(Peer::Layer, 1, layer(pass, bare())),
            $call(Peer::Layer, 1, layer(observe, bare())).note(OBSERVES),
            $call(Peer::Layer, 1, layer(look, bare())).note(LOOKS),
            // No peer can do this.
            $call(Peer::ByHand, 1, GreeterServer::new(ByHand)).note(LOOKS),
            $call(Peer::Attribute, 1, GreeterServer::new(Look1)).note(LOOKS),
            $call(Peer::Creation, 1, GreeterServer::with_interceptors(Bare, look)).note(LOOKS),
            $call(Peer::Attribute, 1, GreeterServer::new(Observe1)).note(OBSERVES),
            $call(Peer::List, 1, with_list([look].into_iter().collect())).note(LOOKS),
        ]
    }};
}

pub fn server_stream() -> Vec<Case> {
    cases!(http_call::server_stream)
}

pub fn bidirectional() -> Vec<Case> {
    cases!(http_call::bidirectional)
}
