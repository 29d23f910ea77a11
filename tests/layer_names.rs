//! Callers that make up names. A layer keeps each name forever, so their number is limited. This
//! test is a separate program because all layers of a process share one table of names.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, MethodName, Next, Outcome, RpcKind, testing,
};
use grpc_interceptor_proto::{FILE_DESCRIPTOR_SET, greeter::greeter_client::methods};
use http_body_util::{BodyExt as _, Full};
use support::{GreeterClient, GreeterServer, call_each_on, greeter, hello, plain_answers, soon};
use tonic::{
    Code, Request,
    body::Body,
    codegen::{
        Bytes,
        http::{self, HeaderValue, Method},
    },
    transport::{Channel, Server},
};
use tower::{Layer as _, ServiceExt as _};

/// How often it was called, and the length of the longest name.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.fetch_add(1, Ordering::SeqCst);
        next.run(request).await
    }
}

struct Counted {
    runs: Count,
}

greeter!(Counted, [self.runs]);

/// Returns the code that a call with this name gets.
async fn call(channel: &Channel, path: &str, content_type: &'static str) -> Code {
    let mut request = http::Request::new(Body::new(Full::new(Bytes::from_static(b"\0\0\0\0\0"))));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("http://somewhere{path}").parse().expect("it is a path");
    request.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    let response = soon(channel.clone().oneshot(request)).await.expect("it is answered");
    let status = response.headers().get("grpc-status").cloned();
    let body = soon(response.into_body().collect()).await.expect("it can be read");
    let status = status.or_else(|| body.trailers()?.get("grpc-status").cloned());
    Code::from_bytes(status.expect("there is a status").as_bytes())
}

const GRPC: &str = "application/grpc";

#[tokio::test]
async fn names_are_limited_and_known_ones_keep_working() {
    let (runs, seen, seen_known) = (Count::default(), Count::default(), Count::default());
    let greeter = || GreeterServer::new(Counted { runs: runs.clone() });
    let serve = async |layer: InterceptorLayer<Count>| {
        let router = Server::builder().layer(layer).add_service(greeter());
        testing::serve(router).start().await.expect("it starts")
    };
    let unknowing = serve(InterceptorLayer::new(seen.clone())).await;
    let knowing = InterceptorLayer::new(seen_known.clone()).descriptors(FILE_DESCRIPTOR_SET);
    let knowing = serve(knowing).await;

    // This one is recorded in time.
    let mut client = GreeterClient::new(unknowing.channel());
    soon(client.say_hello(hello("Ada"))).await.expect("it greets");
    assert_eq!((runs.take(), seen.take()), (1, 1));

    // About as long as a name can be.
    let filling = "x".repeat(200);
    let mut met = 0;
    let channel = unknowing.channel();
    while call(&channel, &format!("/made.up.Service/{met}{filling}"), GRPC).await
        == Code::Unimplemented
    {
        met += 1;
        assert!(met < 10_000, "there is no limit");
    }
    assert!(met > 2000, "{met} names");
    // The interceptor also sees the one that was refused.
    assert_eq!(seen.take(), met + 1);
    // Shorter names fill the remaining space.
    let mut short = 0;
    while call(&channel, &format!("/a.B/{short}"), GRPC).await == Code::Unimplemented {
        short += 1;
        assert!(short < 100, "there is no limit");
    }
    assert_eq!(seen.take(), short + 1);

    // All new names are refused before any handler runs.
    for content_type in [GRPC, "application/grpc-web", "application/grpc+proto"] {
        for path in [
            "/made.up.Later/Name",
            "/greeter.v1.Greeter/Chat",
            "/greeter.v1.Greeter/GreetManyTimes",
        ] {
            assert_eq!(call(&channel, path, content_type).await, Code::ResourceExhausted);
        }
    }
    assert_eq!((runs.take(), seen.take()), (0, 9));
    // A request that isn't a gRPC call needs no name, and reaches no handler.
    let code = call(&channel, "/greeter.v1.Greeter/Chat", "text/plain").await;
    assert_eq!((code, runs.take(), seen.take()), (Code::Unimplemented, 0, 0));

    // Known names still work.
    assert_eq!(call(&channel, "/a.B/0", GRPC).await, Code::Unimplemented);
    soon(client.say_hello(hello("Ada"))).await.expect("it greets");
    assert_eq!((runs.take(), seen.take()), (1, 2));

    // Names that a layer was configured with work as before.
    let mut client = GreeterClient::new(knowing.channel());
    let answers = call_each_on(&mut client, "Ada", &[]).await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
    assert_eq!((runs.take(), seen_known.take()), (4, 4));
    let code = call(&knowing.channel(), "/greeter.v1.Greeter/SayGoodbye", GRPC).await;
    assert_eq!(code, Code::ResourceExhausted);

    // So do names that are registered now. On a client, names come from the program itself: each
    // one is kept.
    let constants = [(methods::CHAT, RpcKind::Bidirectional)];
    let late = serve(InterceptorLayer::new(seen.clone()).methods(&constants)).await;
    let seen_on_client = Count::default();
    let layer = InterceptorLayer::new(seen_on_client.clone());
    let mut client = GreeterClient::new(layer.layer(late.channel()));
    let [unary, client_stream, _, chat] = call_each_on(&mut client, "Ada", &[]).await;
    assert_eq!(chat.messages(), ["Hello Ada", "Hello Ada"]);
    assert_eq!(unary.messages(), ["Hello Ada"]);
    assert_eq!(client_stream.status().code(), Code::ResourceExhausted);
    assert_eq!((runs.take(), seen.take(), seen_on_client.take()), (2, 4, 4));
    assert_eq!(methods::CHAT, MethodName::parse("/greeter.v1.Greeter/Chat").unwrap());
}
