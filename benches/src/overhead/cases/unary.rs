use grpc_interceptor::interceptors::List;
use grpc_interceptor_proto::greeter::greeter_server::GreeterServer;
use tonic_middleware::{InterceptorFor, MiddlewareFor};

use super::http_call::unary;
use crate::{
    measure::Case,
    peers::{
        Peer, async_interceptor,
        handler::Bare,
        http_step::Nothing,
        middleware, nested,
        ours::{Observe1, Pass0, Pass1, Pass5, Pass10, layer, observe, pass_value as pass},
        sync_interceptor,
        tower_layer::Layered,
    },
};

pub fn cases() -> Vec<Case> {
    let bare = || GreeterServer::new(Bare);
    let mut cases = vec![unary(Peer::Bare, 0, bare())];
    macro_rules! around {
        ($peer:ident, $wrap:expr) => {
            cases.push(unary(Peer::$peer, 1, nested!($wrap, bare(); 1)));
            cases.push(unary(Peer::$peer, 5, nested!($wrap, bare(); 1 2 3 4 5)));
            cases.push(unary(Peer::$peer, 10, nested!($wrap, bare(); 1 2 3 4 5 6 7 8 9 10)));
        };
    }
    around!(SyncInterceptor, sync_interceptor::around);
    around!(TowerLayer, |service| Layered(service, Nothing));
    around!(InterceptorFor, |service| InterceptorFor::new(service, middleware::Pass));
    around!(MiddlewareFor, |service| MiddlewareFor::new(service, middleware::Around(Nothing)));
    around!(AsyncInterceptor, async_interceptor::around);

    cases.push(unary(Peer::Attribute, 0, GreeterServer::new(Pass0)));
    cases.push(unary(Peer::Attribute, 1, GreeterServer::new(Pass1)));
    cases.push(unary(Peer::Attribute, 5, GreeterServer::new(Pass5)));
    cases.push(unary(Peer::Attribute, 10, GreeterServer::new(Pass10)));

    let five = (pass, pass, pass, pass, pass);
    let ten = (pass, pass, pass, pass, pass, pass, pass, pass, pass, pass);
    cases.push(unary(Peer::Creation, 0, GreeterServer::with_interceptors(Bare, ())));
    cases.push(unary(Peer::Creation, 1, GreeterServer::with_interceptors(Bare, (pass,))));
    cases.push(unary(Peer::Creation, 5, GreeterServer::with_interceptors(Bare, five)));
    cases.push(unary(Peer::Creation, 10, GreeterServer::with_interceptors(Bare, ten)));

    const OBSERVES: &str = "observes the end of the call";
    cases.push(unary(Peer::Attribute, 1, GreeterServer::new(Observe1)).note(OBSERVES));
    let observed = GreeterServer::with_interceptors(Bare, observe);
    cases.push(unary(Peer::Creation, 1, observed).note(OBSERVES));

    cases.push(unary(Peer::Layer, 0, layer((), bare())));
    cases.push(unary(Peer::Layer, 1, layer(pass, bare())));
    cases.push(unary(Peer::Layer, 5, layer(five, bare())));
    cases.push(unary(Peer::Layer, 10, layer(ten, bare())));
    cases.push(unary(Peer::Layer, 1, layer(observe, bare())).note(OBSERVES));

    for length in [0, 1, 5, 10] {
        let list: List = (0..length).map(|_| pass).collect();
        cases.push(unary(Peer::List, length, GreeterServer::with_interceptors(Bare, list)));
    }
    cases
}
