//! A detached chain keeps what the call has reserved of the service.

use grpc_interceptor::{Context, Detach, Interceptor, InterceptorLayer, Next, Outcome, testing};
use tokio::task::JoinSet;
use tonic::{Request, transport::Endpoint};
use tower::{Layer as _, limit::ConcurrencyLimit};

use crate::{
    greeter::Greeter,
    http::{PATHS, exchange, one, request},
    support::{GreeterClient, hello, soon},
};

/// Runs the rest of the call in a separate task, and waits for it.
struct Spawn;

impl<N: Next + Detach> Interceptor<N> for Spawn {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        tokio::spawn(next.detach().run(request)).await.expect("nothing panics")
    }
}

#[tokio::test]
async fn a_limit_of_one_is_enough() {
    let limited = ConcurrencyLimit::new(Greeter::default().server(), 1);
    let service = InterceptorLayer::new(Spawn).layer(limited);
    let answer = soon(exchange(service, request(PATHS[0], one()))).await;
    assert_eq!(answer.code(), Some("0"));
}

#[tokio::test]
async fn a_channel_takes_more_calls_than_its_buffer_holds() {
    let server = testing::serve(Greeter::default().server()).on_loopback().start().await.unwrap();
    let endpoint = format!("http://{}", server.local_addr().unwrap());
    let channel = Endpoint::from_shared(endpoint).unwrap().buffer_size(2).connect().await.unwrap();
    let client = GreeterClient::new(InterceptorLayer::new(Spawn).layer(channel));
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let mut client = client.clone();
        calls.spawn(async move { client.say_hello(hello("Ada")).await.is_ok() });
    }
    assert_eq!(soon(calls.join_all()).await, [true; 20]);
}
