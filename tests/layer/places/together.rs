//! A layer together with `with_interceptors` and the attribute, and a client's layer together with
//! the client's interceptors.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{Context, Interceptor, InterceptorLayer, Next, Outcome, Side, testing};
use tonic::{Code, Request, transport::Server};
use tower::{Layer as _, ServiceBuilder};

use crate::support::{
    GreeterClient, GreeterServer, Tag, call_each_on, call_each_through, greeter, hello, soon,
    values,
};

/// Records what it sees of each call.
#[derive(Clone, Default)]
struct See(Arc<Mutex<Vec<Seen>>>);

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    name: String,
    side: Side,
    deadline: Option<tokio::time::Instant>,
}

impl See {
    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<N: Next> Interceptor<N> for See {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        self.0.lock().unwrap().push(Seen {
            name: context.method_name().to_string(),
            side: context.side(),
            deadline: context.deadline().map(Into::into),
        });
        next.run(request).await
    }
}

/// Gives each call a minute.
struct Minute;

impl<N: Next> Interceptor<N> for Minute {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        next.with_context(context.with_deadline(deadline)).run(request).await
    }
}

struct Attribute {
    see: See,
}

greeter!(Attribute, [self.see, Tag("attribute")]);

#[tokio::test]
async fn layer_then_server_then_attribute() {
    let [outermost, layer, creation, attribute] = [(); 4].map(|()| See::default());
    let service = Attribute { see: attribute.clone() };
    let greeter = GreeterServer::with_interceptors(service, (creation.clone(), Tag("creation")));
    let interceptors = (outermost.clone(), Minute, layer.clone(), Tag("layer"));
    let router = Server::builder().layer(InterceptorLayer::new(interceptors)).add_service(greeter);
    let server = testing::serve(router).start().await.unwrap();
    let answers = call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await;
    for answer in answers {
        assert!(answer.result.is_ok());
        assert_eq!(answer.values("seen"), ["layer", "creation", "attribute"]);
        assert_eq!(answer.values("from-handler"), ["attribute", "creation", "layer"]);
    }
    let names: Vec<_> = crate::http::PATHS.map(str::to_owned).into();
    let [outermost, layer, creation, attribute] =
        [outermost, layer, creation, attribute].map(|see| see.take());
    assert_eq!(outermost.iter().map(|seen| seen.name.clone()).collect::<Vec<_>>(), names);
    assert!(outermost.iter().all(|seen| seen.deadline.is_none() && seen.side == Side::Server));
    // Everything inside it sees the same deadline.
    assert_eq!(layer.iter().map(|seen| seen.name.clone()).collect::<Vec<_>>(), names);
    assert!(layer.iter().all(|seen| seen.deadline.is_some()));
    assert_eq!(creation, layer);
    assert_eq!(attribute, layer);
}

#[tokio::test]
async fn a_clients_interceptors_then_the_channels_layer() {
    let [client, channel, served] = [(); 3].map(|()| See::default());
    let greeter = GreeterServer::new(Attribute { see: served.clone() });
    let server = testing::serve(greeter).start().await.unwrap();
    let layer = InterceptorLayer::new((channel.clone(), Tag("channel")));
    let layered = ServiceBuilder::new().layer(layer).service(server.channel());
    let interceptors = (client.clone(), Minute, Tag("client"));
    let mut greeter = GreeterClient::with_interceptors(layered, interceptors);
    let response = soon(greeter.say_hello(hello("Ada"))).await.unwrap();
    assert_eq!(values(response.metadata(), "seen"), ["client", "channel", "attribute"]);
    assert_eq!(values(response.metadata(), "from-handler"), ["attribute", "channel", "client"]);
    let [client, channel, served] = [client, channel, served].map(|see| see.take());
    assert_eq!(client[0].deadline, None);
    let on_the_way = channel[0].deadline.expect("it is carried");
    let left = on_the_way - tokio::time::Instant::now();
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60), "{left:?}");
    assert!(served[0].deadline.is_some(), "it is on the wire");
    for (seen, side) in [(&client, Side::Client), (&channel, Side::Client), (&served, Side::Server)]
    {
        assert_eq!((seen[0].name.as_str(), seen[0].side), (crate::http::PATHS[0], side));
    }
}

/// If a channel's layer runs out of time, the caller sees that.
#[tokio::test(start_paused = true)]
async fn a_channels_layers_deadline_ends_an_unanswered_call() {
    struct Second;

    impl<N: Next> Interceptor<N> for Second {
        async fn intercept(
            &self,
            request: Request<N::Request>,
            context: Context,
            next: N,
        ) -> Outcome<N> {
            let deadline = context.deadline();
            assert!(deadline.is_none());
            let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
            let next = next.with_context(context.with_deadline(deadline.into()));
            next.run_in_time(request).await
        }
    }

    let never = tower::service_fn(|_: tonic::codegen::http::Request<tonic::body::Body>| {
        std::future::pending::<
            Result<tonic::codegen::http::Response<tonic::body::Body>, tonic::Status>,
        >()
    });
    let mut client = GreeterClient::new(InterceptorLayer::new(Second).layer(never));
    let before = tokio::time::Instant::now();
    for answer in call_each_on(&mut client, "Ada", &[]).await {
        assert_eq!(answer.status().code(), Code::DeadlineExceeded);
    }
    assert_eq!(before.elapsed().as_secs(), 4);
}

#[tokio::test]
async fn one_layer_works_for_a_client_and_a_server() {
    let see = See::default();
    let layer = InterceptorLayer::new(see.clone());
    let greeter = GreeterServer::new(Attribute { see: See::default() });
    let server = testing::serve(layer.layer(greeter)).start().await.unwrap();
    let mut client = GreeterClient::with_interceptors(server.channel(), ());
    call_each_through(&mut client, "Ada").await;
    assert!(see.take().iter().all(|seen| seen.side == Side::Server));
    call_each_on(&mut GreeterClient::new(layer.layer(server.channel())), "Ada", &[]).await;
    let sides: Vec<_> = see.take().into_iter().map(|seen| seen.side).collect();
    assert_eq!(sides, [Side::Client, Side::Server].repeat(4));
}
