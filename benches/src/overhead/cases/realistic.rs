//! Only the peers that can do all of this: tonic's `Interceptor`, `InterceptorFor` and
//! tonic-async-interceptor don't see the response.

use grpc_interceptor::interceptors::List;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;
use tonic_middleware::MiddlewareFor;

use super::http_call::with_metadata;
use crate::{
    measure::Case,
    peers::{
        Peer,
        handler::{Bare, ByHand},
        http_step::{Deadline, Errors, Log, Metrics, Token},
        middleware::Around,
        ours::{Realistic, deadline, errors, log, metrics, token},
        tower_layer::Layered,
    },
};

pub fn cases() -> Vec<Case> {
    let bare = || GreeterServer::new(Bare);
    let layered = Layered(Layered(bare(), Errors), Deadline);
    let layered = Layered(Layered(Layered(layered, Token), Metrics), Log);
    let middleware = MiddlewareFor::new(bare(), Around(Errors));
    let middleware = MiddlewareFor::new(middleware, Around(Deadline));
    let middleware = MiddlewareFor::new(middleware, Around(Token));
    let middleware = MiddlewareFor::new(middleware, Around(Metrics));
    let middleware = MiddlewareFor::new(middleware, Around(Log));
    let tuple = (log, metrics, token, deadline, errors);
    let mut list = List::new();
    list.push(log);
    list.push(metrics);
    list.push(token);
    list.push(deadline);
    list.push(errors);
    vec![
        with_metadata(Peer::Bare, 0, bare()),
        with_metadata(Peer::ByHand, 5, GreeterServer::new(ByHand)),
        with_metadata(Peer::TowerLayer, 5, layered),
        with_metadata(Peer::MiddlewareFor, 5, middleware),
        with_metadata(Peer::Attribute, 5, GreeterServer::new(Realistic)),
        with_metadata(Peer::Creation, 5, GreeterServer::with_interceptors(Bare, tuple)),
        with_metadata(Peer::List, 5, GreeterServer::with_interceptors(Bare, list)),
    ]
}
