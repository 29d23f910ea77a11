//! Calls through a generated client, with a generated server in process as the transport.

use std::hint::black_box;

use grpc_interceptor::interceptors::List;
use grpc_interceptor_proto::greeter::{
    HelloRequest, greeter_client::GreeterClient, greeter_server::GreeterServer,
};

use super::MESSAGES;
use crate::{
    measure::{Case, run},
    peers::{
        Peer, async_interceptor,
        handler::Bare,
        http_step::Nothing,
        nested,
        ours::{layer, look, observe, pass_value as pass},
        sync_interceptor,
        tower_layer::Layered,
    },
};

fn hello() -> HelloRequest {
    HelloRequest { name: "a word of some length".to_owned() }
}

/// Both kinds of client have the same methods.
macro_rules! unary {
    ($peer:ident, $interceptors:expr, $client:expr) => {{
        let mut client = $client;
        Case::new(Peer::$peer, $interceptors, move || {
            black_box(run(client.say_hello(black_box(hello()))).is_ok());
        })
    }};
}

macro_rules! chat {
    ($peer:ident, $interceptors:expr, $client:expr) => {{
        let mut client = $client;
        Case::new(Peer::$peer, $interceptors, move || {
            run(async {
                let requests = tokio_stream::iter((0..MESSAGES).map(|_| hello()));
                let mut replies =
                    client.chat(requests).await.expect("the stream starts").into_inner();
                while let Some(reply) = replies.message().await.expect("the stream is complete") {
                    black_box(reply);
                }
            });
        })
    }};
}

pub fn unary() -> Vec<Case> {
    let server = || GreeterServer::new(Bare);
    let mut cases = vec![unary!(Bare, 0, GreeterClient::new(server()))];
    macro_rules! around {
        ($peer:ident, $wrap:expr) => {
            cases.push(unary!($peer, 1, GreeterClient::new(nested!($wrap, server(); 1))));
            cases.push(unary!($peer, 5, GreeterClient::new(nested!($wrap, server(); 1 2 3 4 5))));
            cases.push(unary!($peer, 10, {
                GreeterClient::new(nested!($wrap, server(); 1 2 3 4 5 6 7 8 9 10))
            }));
        };
    }
    around!(SyncInterceptor, sync_interceptor::around);
    around!(TowerLayer, |service| Layered(service, Nothing));
    around!(AsyncInterceptor, async_interceptor::around);

    let five = (pass, pass, pass, pass, pass);
    let ten = (pass, pass, pass, pass, pass, pass, pass, pass, pass, pass);
    cases.push(unary!(Client, 0, GreeterClient::with_interceptors(server(), ())));
    cases.push(unary!(Client, 1, GreeterClient::with_interceptors(server(), pass)));
    cases.push(unary!(Client, 5, GreeterClient::with_interceptors(server(), five)));
    cases.push(unary!(Client, 10, GreeterClient::with_interceptors(server(), ten)));
    cases.push(
        unary!(Client, 1, GreeterClient::with_interceptors(server(), observe))
            .note("observes the end of the call"),
    );
    cases.push(unary!(Layer, 0, GreeterClient::new(layer((), server()))));
    cases.push(unary!(Layer, 1, GreeterClient::new(layer(pass, server()))));
    cases.push(unary!(Layer, 5, GreeterClient::new(layer(five, server()))));
    cases.push(unary!(Layer, 10, GreeterClient::new(layer(ten, server()))));
    for length in [1, 5] {
        let list: List = (0..length).map(|_| pass).collect();
        cases
            .push(unary!(ClientList, length, { GreeterClient::with_interceptors(server(), list) }));
    }
    cases
}

pub fn bidirectional() -> Vec<Case> {
    let server = || GreeterServer::new(Bare);
    let sync = nested!(sync_interceptor::around, server(); 1 2 3 4 5);
    let layered = nested!(|service| Layered(service, Nothing), server(); 1 2 3 4 5);
    let five = (pass, pass, pass, pass, pass);
    vec![
        chat!(Bare, 0, GreeterClient::new(server())),
        chat!(SyncInterceptor, 5, GreeterClient::new(sync)),
        chat!(TowerLayer, 5, GreeterClient::new(layered)),
        chat!(Client, 0, GreeterClient::with_interceptors(server(), ())),
        chat!(Client, 1, GreeterClient::with_interceptors(server(), pass)),
        chat!(Client, 5, GreeterClient::with_interceptors(server(), five)),
        chat!(Client, 1, GreeterClient::with_interceptors(server(), look))
            .note("looks at each message"),
    ]
}
