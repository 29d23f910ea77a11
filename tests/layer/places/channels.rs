//! Around channels of all kinds, and the error of a call that couldn't be sent.

use std::{
    error::Error as StdError,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome,
    interceptors::{ErrorToStatus, List},
    testing::{self, RunningServer},
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tonic::{
    Code, Request, Status,
    body::Body,
    codegen::http,
    transport::{Channel, Endpoint, Uri},
};
use tower::{Layer as _, ServiceBuilder};

use crate::{
    greeter::Greeter,
    interceptors::Log,
    support::{Answer, GreeterClient, call_each_on, hello, plain_answers, soon},
};

async fn serve() -> RunningServer {
    testing::serve(Greeter::default().server()).on_loopback().start().await.unwrap()
}

fn endpoint(server: &RunningServer) -> Endpoint {
    Endpoint::from_shared(format!("http://{}", server.local_addr().unwrap())).unwrap()
}

fn assert_greeted(answers: &[Answer; 4], log: &Log) {
    let messages = answers.each_ref().map(|answer| answer.messages().to_vec());
    assert_eq!(messages, plain_answers("Ada"));
    assert_eq!(
        log.take(),
        [
            "/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out",
            "/greeter.v1.Greeter/GreetEverybody Unknown: Ok, 2 in, 1 out",
            "/greeter.v1.Greeter/GreetManyTimes Unknown: Ok, 1 in, 2 out",
            "/greeter.v1.Greeter/Chat Unknown: Ok, 2 in, 2 out",
        ]
    );
}

#[tokio::test]
async fn all_kinds_of_channels_are_supported() {
    let log = Log::default();
    let (one, two) = (serve().await, serve().await);
    let connected = endpoint(&one).connect().await.unwrap();
    let lazy = endpoint(&one).connect_lazy();
    let balanced = Channel::balance_list([endpoint(&one), endpoint(&two)].into_iter());
    let address = one.local_addr().unwrap();
    let connector = tower::service_fn(move |_: Uri| async move {
        Ok::<_, io::Error>(TokioIo::new(TcpStream::connect(address).await?))
    });
    let by_connector =
        Endpoint::from_static("http://nowhere").connect_with_connector(connector).await.unwrap();
    let lazy_by_connector =
        Endpoint::from_static("http://nowhere").connect_with_connector_lazy(connector);
    let limited = endpoint(&one).concurrency_limit(1).timeout(Duration::from_secs(30));
    let limited = limited.connect().await.unwrap();
    for channel in [connected, lazy, balanced, by_connector, lazy_by_connector, limited] {
        let layer = InterceptorLayer::new(log.clone());
        let mut client = GreeterClient::new(ServiceBuilder::new().layer(layer).service(channel));
        assert_greeted(&call_each_on(&mut client, "Ada", &[]).await, &log);
    }
}

/// An origin can have a path, which precedes the path of the RPC.
#[tokio::test]
async fn an_origins_path_isnt_part_of_the_name() {
    let log = Log::default();
    let server = serve().await;
    let layer = InterceptorLayer::new(log.clone());
    let origin = "http://somewhere/some/prefix".parse().unwrap();
    let mut client = GreeterClient::with_origin(layer.layer(server.channel()), origin);
    let status = soon(client.say_hello(hello("Ada"))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let line = log.take();
    assert!(line[0].starts_with("/greeter.v1.Greeter/SayHello Unknown: Unimplemented"), "{line:?}");
}

/// Everything in a status, including the text of its sources.
fn text(status: &Status) -> Vec<String> {
    let mut lines =
        vec![format!("{:?} {} {:?}", status.code(), status.message(), status.metadata())];
    let mut source = status.source();
    while let Some(error) = source {
        lines.push(error.to_string());
        source = error.source();
    }
    lines
}

fn has_io_error(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        source = error.source();
    }
    false
}

/// A status as text, and whether it came from the network.
type Failed = (Vec<String>, bool);

/// Records the errors of the rest of the chain.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<Failed>>>);

impl<N: Next> Interceptor<N> for Failures {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let outcome = next.run(request).await;
        if let Err(status) = &outcome {
            self.0.lock().unwrap().push((text(status), has_io_error(status)));
        }
        outcome
    }
}

/// A port that no one listens on.
async fn nobody() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    Endpoint::from_shared(format!("http://{address}")).unwrap()
}

#[tokio::test]
async fn an_unreachable_server_fails_as_with_a_bare_channel() {
    let endpoint = nobody().await;
    let bare = call_each_on(&mut GreeterClient::new(endpoint.connect_lazy()), "Ada", &[]).await;
    let failures = Failures::default();
    let log = Log::default();
    let layers = InterceptorLayer::new((log.clone(), failures.clone()));
    let with_list = List::new().with(log.clone()).with(failures.clone());
    let with_list = InterceptorLayer::new(with_list);
    let answers = [
        call_each_on(&mut GreeterClient::new(layers.layer(endpoint.connect_lazy())), "Ada", &[])
            .await,
        call_each_on(&mut GreeterClient::new(with_list.layer(endpoint.connect_lazy())), "Ada", &[])
            .await,
        call_each_on(
            &mut GreeterClient::new(layers.layer(layers.layer(endpoint.connect_lazy()))),
            "Ada",
            &[],
        )
        .await,
    ];
    for answers in &answers {
        for (answer, bare) in answers.iter().zip(&bare) {
            assert_eq!(bare.status().code(), Code::Unavailable);
            assert!(has_io_error(bare.status()));
            assert_eq!(text(answer.status()), text(bare.status()));
            assert!(has_io_error(answer.status()));
        }
    }
    let seen = failures.0.lock().unwrap();
    assert_eq!(seen.len(), 16);
    for (lines, has_io_error) in seen.iter() {
        assert_eq!(lines[0], text(bare[0].status())[0]);
        assert!(has_io_error, "{lines:?}");
    }
    assert_eq!(log.take().len(), 16);
}

#[tokio::test]
async fn the_caller_sees_a_failure_as_changed_by_an_interceptor() {
    struct Change;

    impl<N: Next> Interceptor<N> for Change {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            next.run(request).await.map_err(|status| {
                assert_eq!(status.code(), Code::Unavailable);
                Status::aborted("changed")
            })
        }
    }

    let channel = InterceptorLayer::new(Change).layer(nobody().await.connect_lazy());
    for answer in call_each_on(&mut GreeterClient::new(channel), "Ada", &[]).await {
        assert_eq!((answer.status().code(), answer.status().message()), (Code::Aborted, "changed"));
    }
    let channel = InterceptorLayer::new(ErrorToStatus::new()).layer(nobody().await.connect_lazy());
    for answer in call_each_on(&mut GreeterClient::new(channel), "Ada", &[]).await {
        assert_eq!(answer.status().code(), Code::Unavailable);
    }
}

/// The same error if an interceptor keeps a copy of the status: only the source can be missing.
#[tokio::test]
async fn the_caller_also_sees_a_failure_that_an_interceptor_keeps() {
    #[derive(Clone, Default)]
    struct Keep(Arc<Mutex<Vec<Status>>>);

    impl<N: Next> Interceptor<N> for Keep {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let outcome = next.run(request).await;
            self.0.lock().unwrap().extend(outcome.as_ref().err().cloned());
            outcome
        }
    }

    let keep = Keep::default();
    let channel = InterceptorLayer::new(keep.clone()).layer(nobody().await.connect_lazy());
    for answer in call_each_on(&mut GreeterClient::new(channel), "Ada", &[]).await {
        let kept = keep.0.lock().unwrap().pop().unwrap();
        let status = answer.status();
        assert_eq!((status.code(), status.message()), (kept.code(), kept.message()));
        assert_eq!(kept.code(), Code::Unavailable);
        assert!(has_io_error(&kept));
    }
}

/// tower's own layers fail with a `Box<dyn Error>`.
#[tokio::test]
async fn boxed_errors_become_statuses() {
    let log = Log::default();
    let server = serve().await;
    let layer = || InterceptorLayer::new(log.clone()).boxed_errors();
    let buffered = ServiceBuilder::new().layer(layer()).buffer(8).service(server.channel());
    assert_greeted(&call_each_on(&mut GreeterClient::new(buffered), "Ada", &[]).await, &log);
    let timed = ServiceBuilder::new()
        .layer(layer())
        .timeout(Duration::from_secs(30))
        .buffer(8)
        .timeout(Duration::from_secs(30))
        .service(server.channel());
    assert_greeted(&call_each_on(&mut GreeterClient::new(timed), "Ada", &[]).await, &log);
    // With the boxing layers outside.
    let outside = ServiceBuilder::new()
        .buffer(8)
        .layer(InterceptorLayer::new(log.clone()))
        .service(server.channel());
    assert_greeted(&call_each_on(&mut GreeterClient::new(outside), "Ada", &[]).await, &log);

    // A bare client turns their errors into the same status.
    let refused = nobody().await.connect_lazy();
    let bare = ServiceBuilder::new().buffer(8).service(refused.clone());
    let bare = call_each_on(&mut GreeterClient::new(bare), "Ada", &[]).await;
    let layered = ServiceBuilder::new().layer(layer()).buffer(8).service(refused);
    let layered = call_each_on(&mut GreeterClient::new(layered), "Ada", &[]).await;
    for (answer, bare) in layered.iter().zip(&bare) {
        assert_eq!(text(answer.status())[0], text(bare.status())[0]);
        assert!(has_io_error(answer.status()));
    }
    assert_eq!(log.take().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn interceptors_see_towers_timeouts() {
    let log = Log::default();
    let never = || {
        tower::service_fn(|_: http::Request<Body>| {
            std::future::pending::<Result<http::Response<Body>, Status>>()
        })
    };
    let timeout = || tower::timeout::TimeoutLayer::new(Duration::from_secs(1));
    let bare = timeout().layer(never());
    let bare = call_each_on(&mut GreeterClient::new(bare), "Ada", &[]).await;
    let layer = InterceptorLayer::new(log.clone()).boxed_errors();
    let layered = ServiceBuilder::new().layer(layer).layer(timeout()).service(never());
    let layered = call_each_on(&mut GreeterClient::new(layered), "Ada", &[]).await;
    for (answer, bare) in layered.iter().zip(&bare) {
        assert_eq!(text(answer.status())[0], text(bare.status())[0]);
    }
    let code = format!("{:?}", bare[0].status().code());
    let lines = log.take();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.contains(&code)), "{lines:?}");
}
