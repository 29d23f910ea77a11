//! What the access log writes, and when. `call_ends` checks that each call is logged exactly once.

#[path = "support/log.rs"]
mod log;

use std::time::Duration;

use grpc_interceptor::{
    Context, Error, Interceptor, Next, Outcome, interceptor,
    interceptors::{AccessLog, CatchPanic, ErrorToStatus, only, when},
    testing::{self, DummyRequest, dummy_service_server::methods},
};
use log::Log;
use tonic::{Code, Request, Status, metadata::MetadataValue};
use tracing::Level;

const TARGET: &str = "grpc_interceptor::access_log";

fn input(input: &str) -> Request<DummyRequest> {
    Request::new(DummyRequest { input: input.to_owned() })
}

#[tokio::test]
async fn fields_without_a_value_are_omitted() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let mut client = testing::dummy().server_interceptors(AccessLog::new()).start().await.unwrap();
    client.execute_server_stream("abc").await.unwrap();
    let line = log.one();
    let mut fields: Vec<_> = line.keys().copied().collect();
    fields.sort_unstable();
    let expected = [
        "cause",
        "code",
        "elapsed_ms",
        "kind",
        "level",
        "message",
        "method",
        "request_messages",
        "response_messages",
        "side",
    ];
    assert_eq!(fields, expected);
    assert_eq!(line["method"], "/DummyService/ExecuteServerStream");
    assert_eq!((&*line["request_messages"], &*line["response_messages"]), ("1", "3"));
    assert!(line["elapsed_ms"].parse::<f64>().unwrap() > 0.0);
}

#[tokio::test]
async fn listed_metadata_is_logged_but_secrets_never_are() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let access_log = AccessLog::new().metadata(["Tenant", "authorization", "key-bin", "absent"]);
    let mut client = testing::dummy().server_interceptors(access_log).start().await.unwrap();
    let mut request = input("a");
    let metadata = request.metadata_mut();
    metadata.insert("tenant", "acme\" forged=\"1".parse().unwrap());
    metadata.insert("authorization", "Bearer open-sesame".parse().unwrap());
    metadata.insert("other", "open-sesame".parse().unwrap());
    metadata.insert_bin("key-bin", MetadataValue::from_bytes(b"open-sesame"));
    metadata.insert("x-request-id", "id-1".parse().unwrap());
    client.get_mut().execute(request).await.unwrap();
    let line = log.one();
    assert_eq!(line["request_id"], "id-1");
    let mut entries: Vec<_> = line["metadata"].split(", ").collect();
    entries.sort_unstable();
    assert_eq!(
        entries,
        ["authorization: [redacted]", "key-bin: [redacted]", r#"tenant: "acme\" forged=\"1""#,]
    );
    assert!(!line.values().any(|value| value.contains("open-sesame")), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn slow_calls_never_get_a_lower_level() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let slow = Duration::from_secs(60);
    let mut client = testing::dummy()
        .server_interceptors(AccessLog::new().slow(slow, Level::WARN))
        .special_case_async("slow", move |_| async move {
            tokio::time::sleep(slow).await;
            "at last"
        })
        .special_case_async("broken", move |_| async move {
            tokio::time::sleep(slow).await;
            Err::<String, _>(Error::internal("broken"))
        })
        .start()
        .await
        .unwrap();
    client.execute("quick").await.unwrap();
    assert_eq!(log.one()["level"], "INFO");
    client.execute("slow").await.unwrap();
    assert_eq!(log.one()["level"], "WARN");
    client.execute("broken").await.unwrap_err();
    assert_eq!(log.one()["level"], "ERROR");
}

#[tokio::test(start_paused = true)]
async fn panics_are_errors_and_empty_messages_are_omitted() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let slow = Duration::from_secs(60);
    let access_log = AccessLog::new().levels(|_, _| Level::INFO).slow(slow, Level::WARN);
    let mut client = testing::dummy()
        .server_interceptors((access_log, CatchPanic::new()))
        .special_case_async("panic", move |_| async move {
            tokio::time::sleep(slow).await;
            panic!("as planned");
            #[expect(unreachable_code)]
            ""
        })
        .special_case("silent", |_| Err::<String, _>(Status::new(Code::Aborted, "")))
        .start()
        .await
        .unwrap();
    client.execute("panic").await.unwrap_err();
    let line = log.one();
    assert_eq!((&*line["cause"], &*line["level"]), ("panicked", "ERROR"));
    client.execute("silent").await.unwrap_err();
    let line = log.one();
    assert_eq!(line["code"], "ABORTED");
    assert!(!line.contains_key("error"), "{line:?}");
}

#[tokio::test]
async fn the_level_depends_on_side_and_code() {
    use Code::*;
    // Copied from go-grpc-middleware's `DefaultServerCodeToLevel` and `DefaultClientCodeToLevel`.
    let levels = [
        (Cancelled, "INFO", "DEBUG"),
        (Unknown, "ERROR", "INFO"),
        (InvalidArgument, "INFO", "DEBUG"),
        (DeadlineExceeded, "WARN", "INFO"),
        (NotFound, "INFO", "DEBUG"),
        (AlreadyExists, "INFO", "DEBUG"),
        (PermissionDenied, "WARN", "INFO"),
        (ResourceExhausted, "WARN", "DEBUG"),
        (FailedPrecondition, "WARN", "DEBUG"),
        (Aborted, "WARN", "DEBUG"),
        (OutOfRange, "WARN", "DEBUG"),
        (Unimplemented, "ERROR", "WARN"),
        (Internal, "ERROR", "WARN"),
        (Unavailable, "WARN", "WARN"),
        (DataLoss, "ERROR", "WARN"),
        (Unauthenticated, "INFO", "INFO"),
    ];
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    for (code, server, client) in levels {
        let fail = move |_| Err::<String, _>(Status::new(code, "as planned"));
        let dummy = testing::dummy()
            .server_interceptors(AccessLog::new())
            .client_interceptors(AccessLog::new())
            .special_case("fail", fail);
        dummy.start().await.unwrap().execute("fail").await.unwrap_err();
        let lines = log.take();
        let level_of = |side: &str| {
            let line =
                lines.iter().find(|line| line["side"] == side).expect("a line for each side");
            assert_eq!(line["error"], "as planned");
            line["level"].clone()
        };
        assert_eq!((&*level_of("server"), &*level_of("client")), (server, client), "{code:?}");
    }
    let quiet = AccessLog::new().levels(|_, _| Level::TRACE);
    let mut client = testing::dummy().server_interceptors(quiet).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert_eq!(log.one()["level"], "TRACE");
}

#[derive(Debug, thiserror::Error)]
#[error("no row for {0}")]
struct NoRow(&'static str);

#[tokio::test]
async fn error_sources_are_logged_only_on_the_server() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let to_status = ErrorToStatus::new().on_unknown(Code::Internal);
    let mut client = testing::dummy()
        .server_interceptors((AccessLog::new(), to_status))
        .client_interceptors(AccessLog::new())
        .special_case("fail", |_| {
            let error: Box<dyn std::error::Error + Send + Sync> = Box::new(NoRow("ada"));
            Err::<String, _>(error)
        })
        .start()
        .await
        .unwrap();
    client.execute("fail").await.unwrap_err();
    let lines = log.take();
    let [server, client] =
        ["server", "client"].map(|side| lines.iter().find(|line| line["side"] == side).unwrap());
    assert!(server["source"].contains("no row for ada"), "{server:?}");
    assert_eq!(server["error"], client["error"]);
    assert!(!client.values().any(|value| value.contains("no row")), "{client:?}");
}

#[tokio::test]
async fn metadata_that_no_call_has_is_no_field() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let access_log = AccessLog::new().metadata(["tenant"]);
    let mut client = testing::dummy().server_interceptors(access_log).start().await.unwrap();
    client.execute("a").await.unwrap();
    assert!(!log.one().contains_key("metadata"));
}

#[tokio::test]
async fn fields_starts_and_filtered_methods() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let access_log = AccessLog::new().on_start(Level::DEBUG).fields(|context, metadata| {
        format!("{} {}", context.method_name().method(), metadata.contains_key("tenant"))
    });
    let some = when(only([methods::EXECUTE]), access_log);
    let mut client = testing::dummy().server_interceptors(some).start().await.unwrap();
    client.execute_client_stream(["a"]).await.unwrap();
    assert_eq!(log.take().len(), 0);
    client.execute("a").await.unwrap();
    let [start, end] = <[_; 2]>::try_from(log.take()).unwrap();
    assert_eq!((&*start["message"], &*start["level"]), ("started call", "DEBUG"));
    assert_eq!((&*end["message"], &*end["level"]), ("finished call", "INFO"));
    assert_eq!((&*start["fields"], &*end["fields"]), ("Execute false", "Execute false"));
    assert!(!start.contains_key("code"));
}

/// Runs the rest of the call inside a span.
#[interceptor]
async fn in_span<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    let span = tracing::info_span!("of_the_call");
    let scope = move |run: &mut dyn FnMut()| span.in_scope(run);
    next.in_scope(scope).run(request).await
}

/// Wraps the rest of the call in a future that is dropped, as when a client cancels.
struct GiveUp;

impl<N: Next> Interceptor<N> for GiveUp {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let limit = Duration::from_millis(1);
        let given_up = tokio::time::timeout(limit, next.run(request)).await;
        given_up.unwrap_or_else(|_| Err(Status::cancelled("given up")))
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_is_logged_in_the_span_of_the_start() {
    let (log, _guard) = Log::start(TARGET, Level::TRACE);
    let mut client = testing::dummy()
        .server_interceptors((in_span, GiveUp, AccessLog::new()))
        .special_case_async("slow", |_| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "at last"
        })
        .start()
        .await
        .unwrap();
    // In the middle of a stream that another task reads and drops.
    client.execute_server_stream("abc").await.unwrap();
    assert_eq!(log.one()["span"], "of_the_call");
    client.execute("slow").await.unwrap_err();
    let line = log.one();
    assert_eq!((&*line["span"], &*line["cause"]), ("of_the_call", "cancelled"));
}
