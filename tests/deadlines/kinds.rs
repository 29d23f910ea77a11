//! The kit's four RPCs, called with one input and a timeout.

use std::time::Duration;

use grpc_interceptor::{
    RpcKind,
    testing::{
        self, Dummy, DummyClient, DummyRequest, DummyResponse,
        dummy_service_client::DummyServiceInterceptors,
    },
};
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const AN_HOUR: Duration = Duration::from_secs(3600);

/// How a call ended, and when.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) after: Duration,
    pub(crate) code: Code,
}

pub(crate) fn exceeded(after: Duration) -> Ended {
    Ended { after, code: Code::DeadlineExceeded }
}

/// A service that may hang, take an hour, or fail after 60 ms.
pub(crate) fn slow_dummy() -> Dummy {
    testing::dummy()
        .special_case_async("forever", |_| std::future::pending::<String>())
        .special_case_async("hour", |_| async {
            sleep(AN_HOUR).await;
            "at last"
        })
        .special_case_async("fails", |_| async {
            sleep(ms(60)).await;
            Err(Status::unavailable("away"))
        })
}

pub(crate) fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

/// The caller's own request, with the timeout that it sets.
pub(crate) fn with_timeout<T>(message: T, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

/// Makes a call of this kind, and reads its response to the end.
pub(crate) async fn call<C: DummyServiceInterceptors<Channel>>(
    client: &mut DummyClient<C>,
    kind: RpcKind,
    input: &str,
    timeout: Option<Duration>,
) -> Ended {
    let client = client.get_mut();
    let one = with_timeout(request(input), timeout);
    let many = with_timeout(tokio_stream::iter([request(input)]), timeout);
    let start = Instant::now();
    let outcome = match kind {
        RpcKind::Unary => client.execute(one).await.map(drop),
        RpcKind::ClientStreaming => client.execute_client_stream(many).await.map(drop),
        RpcKind::ServerStreaming => read(client.execute_server_stream(one).await).await,
        RpcKind::Bidirectional => read(client.execute_client_server_stream(many).await).await,
        other => unreachable!("gRPC has no {other:?}"),
    };
    let code = outcome.map_or_else(|status| status.code(), |()| Code::Ok);
    Ended { after: start.elapsed(), code }
}

async fn read(outcome: Result<Response<Streaming<DummyResponse>>, Status>) -> Result<(), Status> {
    let mut stream = outcome?.into_inner();
    while stream.message().await?.is_some() {}
    Ok(())
}
