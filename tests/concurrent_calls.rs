//! A thousand concurrent calls, all in the chain at the same time: each gets its own response.

mod support;

use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind};
use support::{
    Client, GreeterClient, GreeterServer, connect, greeter, hello, many, metadata_of, read, soon,
};
use tokio::{sync::Barrier, task::JoinSet};
use tonic::{
    Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

const CALLS: usize = 1000;

/// A server accepts at most 200 concurrent calls per connection.
const CONNECTIONS: usize = 10;

/// Holds each call until all have arrived, and each response until all handlers have run.
struct Together(Barrier);

impl<N: Next> Interceptor<N> for Together {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.wait().await;
        let outcome = next.run(request).await;
        self.0.wait().await;
        outcome
    }
}

/// Remembers the request's data for the response.
async fn remember<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let id = request.metadata().get("id").cloned().ok_or_else(|| Status::internal("no id"))?;
    let mut outcome = next.run(request).await;
    let metadata = metadata_of(&mut outcome);
    metadata.insert("remembered", id);
    metadata.insert("method", MetadataValue::from_static(context.method_name().path()));
    outcome
}

struct Crowded {
    together: Together,
}

greeter!(Crowded, [remember, self.together, remember_inside]);

/// The same, inside the interceptors that wait.
async fn remember_inside<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let id = request.metadata().get("id").cloned().ok_or_else(|| Status::internal("no id"))?;
    let mut outcome = next.run(request).await;
    metadata_of(&mut outcome).insert("remembered-inside", id);
    outcome
}

async fn crowded() -> (Client, Vec<GreeterClient<Channel>>) {
    let together = Together(Barrier::new(CALLS));
    let client = connect(GreeterServer::new(Crowded { together })).await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(client.connect_again().await);
    }
    (client, connections)
}

fn request<T>(id: usize, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("id", id.into());
    request
}

/// Checks that a call got its own data back.
fn check<T>(id: usize, method: &str, response: &Response<T>) {
    let own = MetadataValue::<Ascii>::from(id);
    for key in ["remembered", "remembered-inside"] {
        assert_eq!(response.metadata().get(key), Some(&own), "{method} {id}");
    }
    let path = response.metadata().get("method").and_then(|path| path.to_str().ok());
    assert_eq!(path, Some(&*format!("/greeter.v1.Greeter/{method}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_unary_calls_get_the_right_answers() {
    let (_client, clients) = crowded().await;
    let mut calls = JoinSet::new();
    for id in 0..CALLS {
        let mut greeter = clients[id % CONNECTIONS].clone();
        calls.spawn(async move {
            let name = format!("caller {id}");
            let response = greeter.say_hello(request(id, hello(&name))).await?;
            check(id, "SayHello", &response);
            assert_eq!(response.into_inner().message, format!("Hello {name}"));
            Ok::<_, Status>(())
        });
    }
    let mut answered = 0;
    while let Some(call) = soon(calls.join_next()).await {
        call.expect("the call gets its own answer").expect("the call is answered");
        answered += 1;
    }
    assert_eq!(answered, CALLS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_of_all_kinds_get_the_right_answers() {
    let (_client, clients) = crowded().await;
    let mut calls = JoinSet::new();
    for id in 0..CALLS {
        let mut greeter = clients[id % CONNECTIONS].clone();
        calls.spawn(async move {
            let kind = support::KINDS[id % support::KINDS.len()];
            let name = format!("caller {id}");
            let both = tokio_stream::iter([hello(&name), hello(&name)]);
            match kind {
                RpcKind::Unary => {
                    let response = greeter.say_hello(request(id, hello(&name))).await?;
                    check(id, "SayHello", &response);
                    assert_eq!(response.into_inner().message, format!("Hello {name}"));
                }
                RpcKind::ClientStreaming => {
                    let response = greeter.greet_everybody(request(id, both)).await?;
                    check(id, "GreetEverybody", &response);
                    let message = format!("Hello {name} and {name}");
                    assert_eq!(response.into_inner().message, message);
                }
                RpcKind::ServerStreaming => {
                    let response = greeter.greet_many_times(request(id, many(&name, 2))).await?;
                    check(id, "GreetManyTimes", &response);
                    let (messages, end) = read(response.into_inner()).await;
                    assert_eq!(messages, [0, 1].map(|time| format!("Hello {name} {time}")));
                    end?;
                }
                RpcKind::Bidirectional => {
                    let response = greeter.chat(request(id, both)).await?;
                    check(id, "Chat", &response);
                    let (messages, end) = read(response.into_inner()).await;
                    assert_eq!(messages, [(); 2].map(|()| format!("Hello {name}")));
                    end?;
                }
                kind => unreachable!("{kind:?} isn't one of the four"),
            }
            Ok::<_, Status>(())
        });
    }
    let mut answered = 0;
    while let Some(call) = soon(calls.join_next()).await {
        call.expect("the call gets its own answer").expect("the call is answered");
        answered += 1;
    }
    assert_eq!(answered, CALLS);
}
