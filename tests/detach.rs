//! The rest of a chain can be detached from its call: it continues in a task after the client has
//! disconnected, runs on two tasks concurrently, and is called again from inside a stream.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use grpc_interceptor::{
    Context, Detach, Interceptor, InterceptorLayer, MessageStream, Next, Outcome, Payload as _,
    interceptor,
    testing::{
        self, DummyRequest, DummyResponse, dummy_service_client::DummyServiceClient,
        dummy_service_server::DummyServiceServer,
    },
};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};
use tower::Layer as _;

/// Lets a call finish although its client has disconnected.
#[derive(Clone, Copy)]
struct Finish;

impl<N: Next + Detach> Interceptor<N> for Finish {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let call = tokio::spawn(next.detach().run(request));
        call.await.unwrap_or_else(|_| Err(Status::internal("it panicked")))
    }
}

/// An inner interceptor that isn't `Clone`.
struct Count(AtomicUsize);

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run(request).await
    }
}

#[interceptor]
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[tokio::test(start_paused = true)]
async fn a_handler_finishes_after_its_client_has_disconnected() {
    let (begun, finished) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let (tell_begun, tell_finished) = (begun.clone(), finished.clone());
    let mut client = testing::dummy()
        .server_interceptors((pass, Finish, count.clone()))
        .special_case_async("slow", move |_| {
            let (begun, finished) = (tell_begun.clone(), tell_finished.clone());
            async move {
                begun.notify_one();
                sleep(Duration::from_secs(60)).await;
                finished.notify_one();
                "done"
            }
        })
        .start()
        .await
        .expect("it starts");
    let call = tokio::time::timeout(Duration::from_secs(1), client.execute("slow"));
    call.await.expect_err("the client disconnects");
    begun.notified().await;
    tokio::time::timeout(Duration::from_secs(120), finished.notified())
        .await
        .expect("the handler finishes");
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}

/// Sends a request twice, from two tasks, and takes the first answer.
#[derive(Clone)]
struct Hedge;

impl<N: Next + Detach> Interceptor<N> for Hedge {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let Some(second) = next.clone_request(&request) else {
            return next.run(request).await;
        };
        let rest = next.detach();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(rest.run(request));
        tasks.spawn(rest.clone().run(second));
        let first = tasks.join_next().await.expect("there are two");
        first.expect("neither panics")
    }
}

#[tokio::test]
async fn a_client_sends_a_request_from_two_tasks() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let mut client = testing::dummy()
        .client_interceptors((Hedge, pass, count.clone()))
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
    assert_eq!(client.execute_server_stream("ab").await.expect("it echoes"), ["a", "b"]);
    assert_eq!(client.execute_client_stream(["a", "b"]).await.expect("it echoes"), "ab");
    assert_eq!(
        client.execute_client_server_stream(["a", "b"]).await.expect("it echoes"),
        ["a", "b"]
    );
    assert_eq!(count.0.load(Ordering::Relaxed), 6);
}

/// Calls again when a response stream breaks, and continues with the new stream.
#[derive(Clone)]
struct Reopen;

impl<N> Interceptor<N> for Reopen
where
    N: Next<Response = MessageStream<DummyResponse>> + Detach,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        _: Context,
        next: N,
    ) -> Result<Response<MessageStream<DummyResponse>>, Status> {
        let again = next.clone_request(&request);
        let rest = next.detach();
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for request in [Some(request), again].into_iter().flatten() {
                let mut messages = rest.run(request).await.expect("it starts").into_inner();
                while let Some(Ok(message)) = messages.next().await {
                    sender.send(Ok(message)).await.expect("somebody reads");
                }
            }
        });
        Ok(Response::new(MessageStream::new(ReceiverStream::new(receiver))))
    }
}

/// Breaks each response stream at its second message.
struct Break;

impl<N: Next> Interceptor<N> for Break {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await?;
        let (metadata, payload, extensions) = response.into_parts();
        let mut left = 1;
        let payload = payload.try_map_messages(move |message| {
            left -= 1;
            if left < 0 { Err(Status::unavailable("it breaks")) } else { Ok(message) }
        })?;
        Ok(Response::from_parts(metadata, payload, extensions))
    }
}

#[tokio::test]
async fn a_response_stream_is_reopened() {
    let mut client = testing::dummy()
        .client_interceptors((Reopen,))
        .server_interceptors(Break)
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute_server_stream("ab").await.expect("it echoes"), ["a", "a"]);
}

/// A detached chain keeps the deadline that was set before.
#[tokio::test]
async fn a_detached_chain_keeps_its_context() {
    #[derive(Clone)]
    struct Check;

    impl<N: Next + Detach> Interceptor<N> for Check {
        async fn intercept(
            &self,
            request: Request<N::Request>,
            context: Context,
            next: N,
        ) -> Outcome<N> {
            let deadline = Instant::now() + Duration::from_secs(60);
            let rest = next.with_context(context.with_deadline(deadline)).detach();
            assert_eq!(rest.context().deadline(), Some(deadline));
            assert_eq!(rest.clone().context().method_name(), context.method_name());
            rest.run(request).await
        }
    }

    let mut client =
        testing::dummy().client_interceptors((Check, pass)).start().await.expect("it starts");
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
}

/// In a client's layer.
#[tokio::test]
async fn a_layer_sends_a_request_from_two_tasks() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let server = DummyServiceServer::new(testing::DummyService::new());
    let server = testing::serve(server).start().await.expect("it starts");
    let layer = InterceptorLayer::new((Hedge, pass, count.clone()));
    let mut client = DummyServiceClient::new(layer.layer(server.channel()));
    let input = |input: &str| DummyRequest { input: input.to_owned() };
    let answer = client.execute(input("foo")).await.expect("it echoes");
    assert_eq!(answer.into_inner().output, "foo");
    let mut answers =
        client.execute_server_stream(input("ab")).await.expect("it echoes").into_inner();
    for output in ["a", "b"] {
        assert_eq!(answers.message().await.expect("it echoes").expect("two").output, output);
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 4);
    let two = tokio_stream::iter(["a", "b"].map(input));
    let answer = client.execute_client_stream(two).await.expect("it echoes");
    assert_eq!(answer.into_inner().output, "ab");
    assert_eq!(count.0.load(Ordering::Relaxed), 5);
}

/// Takes a minute, and reports when it has started and finished.
struct Slow {
    begun: Arc<Notify>,
    finished: Arc<Notify>,
}

impl<N: Next> Interceptor<N> for Slow {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.begun.notify_one();
        sleep(Duration::from_secs(60)).await;
        let outcome = next.run(request).await;
        self.finished.notify_one();
        outcome
    }
}

/// In a server's layer: the detached part includes the service.
#[tokio::test(start_paused = true)]
async fn a_layers_service_finishes_after_its_client_has_disconnected() {
    let (begun, finished) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = Arc::new(Slow { begun: begun.clone(), finished: finished.clone() });
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let served = count.clone();
    let service = testing::DummyService::new().special_case("foo", move |_| {
        served.0.fetch_add(1, Ordering::Relaxed);
        "bar"
    });
    let server =
        InterceptorLayer::new((pass, Finish, slow)).layer(DummyServiceServer::new(service));
    let server = testing::serve(server).start().await.expect("it starts");
    let mut client = DummyServiceClient::new(server.channel());
    let call = client.execute(DummyRequest { input: "foo".to_owned() });
    let call = tokio::time::timeout(Duration::from_secs(1), call);
    call.await.expect_err("the client disconnects");
    begun.notified().await;
    tokio::time::timeout(Duration::from_secs(120), finished.notified())
        .await
        .expect("the service finishes");
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}
