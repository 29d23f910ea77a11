//! The dummy service's special cases: by input, in all four RPCs, and in every way in which a
//! handler can answer.

use std::{
    error::Error as _,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use grpc_interceptor::{
    Context, Error, Interceptor, Next, Outcome, Payload as _,
    interceptors::ErrorToStatus,
    testing::{self, Dummy, DummyClient, DummyRequest, DummyResponse},
};
use tonic::{Code, Request, Status, Streaming};

async fn start(dummy: Dummy) -> DummyClient {
    dummy.start().await.expect("it starts in memory")
}

/// The status of each RPC that gets this input as its only message.
async fn statuses(client: &mut DummyClient, input: &str) -> [Status; 4] {
    [
        client.execute(input).await.expect_err("it fails"),
        client.execute_client_stream([input]).await.expect_err("it fails"),
        client.execute_server_stream(input).await.expect_err("it fails"),
        client.execute_client_server_stream([input]).await.expect_err("it fails"),
    ]
}

/// The messages before the end, and the end.
async fn read(mut stream: Streaming<DummyResponse>) -> (Vec<String>, Result<(), Status>) {
    let mut outputs = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(DummyResponse { output })) => outputs.push(output),
            Ok(None) => return (outputs, Ok(())),
            Err(status) => return (outputs, Err(status)),
        }
    }
}

fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

#[tokio::test]
async fn a_special_case_answers_its_input_in_all_rpcs() {
    let mut client = start(testing::dummy().special_case("ping", |_| "pong")).await;
    assert_eq!(client.execute("ping").await.expect("it answers"), "pong");
    assert_eq!(client.execute("Ping").await.expect("it echoes"), "Ping");
    let output = client.execute_client_stream(["<", "ping", "ping", ">"]).await;
    assert_eq!(output.expect("it answers"), "<pongpong>");
    let outputs = client.execute_server_stream("ping").await;
    assert_eq!(outputs.expect("it answers"), ["p", "o", "n", "g"]);
    let outputs = client.execute_client_server_stream(["a", "ping", "b"]).await;
    assert_eq!(outputs.expect("it answers"), ["a", "pong", "b"]);
}

#[tokio::test]
async fn the_last_one_set_for_an_input_applies() {
    let dummy = testing::dummy().special_case("a", |_| "first").special_case("b", |_| "other");
    let mut client = start(dummy.special_case("a", |_| "last")).await;
    assert_eq!(client.execute("a").await.expect("it answers"), "last");
    assert_eq!(client.execute("b").await.expect("it answers"), "other");
}

#[tokio::test]
async fn an_error_is_the_status_in_all_rpcs() {
    let mut client = start(
        testing::dummy()
            .special_case("error", |_| Err(Error::not_found("gone")))
            .special_case("status", |_| Err(Status::not_found("gone")))
            .special_case("boxed", |_| {
                Err(Box::<dyn std::error::Error + Send + Sync>::from(Error::not_found("gone")))
            })
            .special_case("anyhow", |_| Err(anyhow::Error::from(Error::not_found("gone"))))
            .special_case_async("later", |_| async { Err(Error::not_found("gone")) }),
    )
    .await;
    for input in ["error", "status", "boxed", "anyhow", "later"] {
        for status in statuses(&mut client, input).await {
            assert_eq!((status.code(), status.message()), (Code::NotFound, "gone"), "{input}");
        }
    }
}

#[tokio::test]
async fn any_other_error_is_unknown_and_reveals_nothing() {
    let mut client = start(
        testing::dummy()
            .special_case("text", |_| Err("the password is swordfish"))
            .special_case("error", |_| Err(fmt::Error)),
    )
    .await;
    for input in ["text", "error"] {
        for status in statuses(&mut client, input).await {
            let text = (status.code(), status.message());
            assert_eq!(text, (Code::Unknown, "Unknown error"), "{input}");
        }
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the domain's own")]
struct DomainError;

#[tokio::test]
async fn an_interceptor_sees_the_domain_error_as_the_source() {
    let errors = ErrorToStatus::new()
        .map(|error, _| error.is::<DomainError>().then(|| Status::failed_precondition("domain")));
    let mut client = testing::dummy()
        .server_interceptors(errors)
        .special_case("domain", |_| Err(DomainError))
        .start()
        .await
        .expect("it starts");
    let statuses = [
        client.execute("domain").await.expect_err("it fails"),
        client.execute_client_stream(["domain"]).await.expect_err("it fails"),
        client.execute_server_stream("domain").await.expect_err("it fails"),
        client.execute_client_server_stream(["domain"]).await.expect_err("it fails"),
    ];
    for status in statuses {
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "domain"));
    }
}

/// Counts the statuses whose source is a [`DomainError`], in outcomes and in streams.
#[derive(Clone, Default)]
struct Sources(Arc<AtomicUsize>);

impl Sources {
    fn count(&self, status: &Status) {
        if status.source().is_some_and(|source| source.is::<DomainError>()) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl<N: Next> Interceptor<N> for Sources {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let response = next.run(request).await.inspect_err(|status| self.count(status))?;
        let sources = self.clone();
        Ok(response.map(|payload| {
            payload.map_errors(move |status| {
                sources.count(&status);
                status
            })
        }))
    }
}

#[tokio::test]
async fn the_error_itself_reaches_the_interceptors_in_all_rpcs() {
    let sources = Sources::default();
    let mut client = testing::dummy()
        .server_interceptors(sources.clone())
        .special_case("domain", |_| Err(DomainError))
        .start()
        .await
        .expect("it starts");
    client.execute("domain").await.expect_err("it fails");
    client.execute_client_stream(["domain"]).await.expect_err("it fails");
    client.execute_server_stream("domain").await.expect_err("it fails");
    client.execute_client_server_stream(["domain"]).await.expect_err("it fails");
    assert_eq!(sources.0.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_stream_can_fail_in_the_middle() {
    let dummy = testing::dummy().special_case("error", |_| Err(Error::data_loss("torn")));
    let mut client = start(dummy).await;
    let error = client.execute_client_server_stream(["a", "b", "error", "c"]).await;
    assert_eq!(error.expect_err("it fails").code(), Code::DataLoss);

    let requests = tokio_stream::iter(["a", "b", "error", "c"].map(request));
    let stream = client.get_mut().execute_client_server_stream(requests).await;
    let (outputs, end) = read(stream.expect("it starts").into_inner()).await;
    assert_eq!(outputs, ["a", "b"]);
    assert_eq!(end.expect_err("it fails").message(), "torn");
}

#[tokio::test]
async fn a_special_case_can_read_the_calls_metadata() {
    let dummy = testing::dummy().special_case("user", |request: Request<String>| {
        let user = request.metadata().get("user").and_then(|user| user.to_str().ok());
        let user = user.unwrap_or("nobody").to_owned();
        format!("{} {user}", request.into_inner())
    });
    let mut client = start(dummy).await;
    assert_eq!(client.execute("user").await.expect("it answers"), "user nobody");

    fn with_user<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("user", "ada".parse().expect("it is ASCII"));
        request
    }
    let client = client.get_mut();
    let response = client.execute(with_user(request("user"))).await.expect("it answers");
    assert_eq!(response.into_inner().output, "user ada");
    let two = || tokio_stream::iter([request("user"), request("user")]);
    let response = client.execute_client_stream(with_user(two())).await.expect("it answers");
    assert_eq!(response.into_inner().output, "user adauser ada");
    let response = client.execute_server_stream(with_user(request("user"))).await;
    let (outputs, end) = read(response.expect("it answers").into_inner()).await;
    end.expect("it completes");
    assert_eq!(outputs.concat(), "user ada");
    let response = client.execute_client_server_stream(with_user(two())).await;
    let (outputs, end) = read(response.expect("it answers").into_inner()).await;
    end.expect("it completes");
    assert_eq!(outputs, ["user ada", "user ada"]);
}

/// The caller's identity, as set by an interceptor.
#[derive(Clone)]
struct User(&'static str);

impl<N: Next> Interceptor<N> for User {
    async fn intercept(&self, mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        request.extensions_mut().insert(self.clone());
        next.run(request).await
    }
}

#[tokio::test]
async fn a_special_case_can_read_extensions_set_by_an_interceptor() {
    let mut client = testing::dummy()
        .server_interceptors(User("ada"))
        .special_case("user", |request| {
            let user = request.extensions().get::<User>();
            user.map(|user| user.0.to_owned()).ok_or(Error::unauthenticated("nobody"))
        })
        .start()
        .await
        .expect("it starts");
    assert_eq!(client.execute("user").await.expect("it is known"), "ada");
    let outputs = client.execute_client_server_stream(["user", "user"]).await;
    assert_eq!(outputs.expect("it is known"), ["ada", "ada"]);
}

#[tokio::test]
async fn a_special_case_can_answer_differently_each_time() {
    let calls = AtomicUsize::new(0);
    let dummy = testing::dummy().special_case("flaky", move |_| {
        match calls.fetch_add(1, Ordering::SeqCst) {
            number @ (0 | 2) => Err(Error::unavailable(number.to_string())),
            number => Ok(number.to_string()),
        }
    });
    let mut client = start(dummy).await;
    assert_eq!(client.execute("flaky").await.expect_err("0").message(), "0");
    assert_eq!(client.execute("flaky").await.expect("1"), "1");
    assert_eq!(client.execute("flaky").await.expect_err("2").message(), "2");
    // Once for each message.
    let outputs = client.execute_client_server_stream(["flaky", "a", "flaky"]).await;
    assert_eq!(outputs.expect("3 and 4"), ["3", "a", "4"]);
    assert_eq!(client.execute_client_stream(["flaky", "flaky"]).await.expect("5 and 6"), "56");
}

#[tokio::test]
async fn a_special_case_can_panic() {
    let dummy = testing::dummy()
        .special_case("panic", |_| -> String { panic!("as the test wants it") })
        .special_case_async("later", |_| async { panic!("as the test wants it") as String });
    let mut client = start(dummy).await;
    for input in ["panic", "later"] {
        statuses(&mut client, input).await;
    }
    // The connection survives.
    assert_eq!(client.execute("foo").await.expect("it echoes"), "foo");
}

#[tokio::test(start_paused = true)]
async fn a_special_case_can_be_slow() {
    let dummy = testing::dummy().special_case_async("slow", |request| async move {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        request.into_inner().to_uppercase()
    });
    let mut client = start(dummy).await;
    let before = tokio::time::Instant::now();
    assert_eq!(client.execute("slow").await.expect("it answers"), "SLOW");
    assert_eq!(before.elapsed().as_secs(), 3600);
    let outputs = client.execute_client_server_stream(["slow", "slow"]).await;
    assert_eq!(outputs.expect("it answers"), ["SLOW", "SLOW"]);
    assert_eq!(before.elapsed().as_secs(), 3 * 3600);
}

#[tokio::test]
async fn a_special_case_is_called_when_its_message_arrives() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let dummy = testing::dummy().special_case("b", move |request| {
        log.lock().expect("it isn't poisoned").push(request.into_inner());
        "B"
    });
    let mut client = start(dummy).await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let receiver = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
    let stream = client.get_mut().execute_client_server_stream(receiver).await;
    let mut stream = stream.expect("it starts").into_inner();
    let count = || seen.lock().expect("it isn't poisoned").len();
    for (input, output, times) in [("a", "a", 0), ("b", "B", 1), ("b", "B", 2)] {
        sender.send(request(input)).expect("it is read");
        let response = stream.message().await.expect("it continues").expect("it isn't at its end");
        assert_eq!((response.output.as_str(), count()), (output, times));
    }
}
