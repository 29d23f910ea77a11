//! Code that never waits, and so exhausts tokio's cooperative budget, also ends at its deadline.

use std::time::Duration;

use grpc_interceptor::{Context, Interceptor, MessageStream, Next, Outcome, Payload as _, testing};
use tokio::{task::consume_budget, time::Instant};
use tonic::{Code, Request, Status};

use crate::{
    interceptors::InTime,
    kinds::{InLayer, OnClient as _, call, ms},
    support::KINDS,
};

/// Stays busy for longer than anyone waits.
async fn be_busy() -> Status {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        consume_budget().await;
    }
    Status::internal("nobody ended it")
}

/// If the response is a stream, the stream is busy.
struct Busy;

impl<N: Next> Interceptor<N> for Busy {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        if !context.kind().is_server_streaming() {
            return Err(be_busy().await);
        }
        let busy = || {
            MessageStream::new(tokio_stream::StreamExt::then(tokio_stream::once(()), |()| async {
                Err(be_busy().await)
            }))
        };
        Ok(next.run(request).await?.map(|payload| payload.map_stream(|_| busy())))
    }
}

#[tokio::test]
async fn on_each_side() {
    let start = Instant::now();
    let server = testing::dummy().server_interceptors((InTime(ms(50)), Busy)).start();
    let client = testing::dummy().client_interceptors((InTime(ms(50)), Busy)).start();
    let callers_own = testing::dummy().client_interceptors(Busy).start();
    let mut in_layer = InLayer((InTime(ms(50)), Busy)).start(()).await;
    let mut callers_own_in_layer = InLayer(Busy).start(()).await;
    let (mut server, mut client) =
        (server.await.expect("it starts"), client.await.expect("it starts"));
    let mut callers_own = callers_own.await.expect("it starts");
    for kind in KINDS {
        assert_eq!(
            call(&mut server, kind, "foo", None).await.code,
            Code::DeadlineExceeded,
            "{kind:?}"
        );
        assert_eq!(
            call(&mut client, kind, "foo", None).await.code,
            Code::DeadlineExceeded,
            "{kind:?}"
        );
        let ended = call(&mut callers_own, kind, "foo", Some(ms(50))).await;
        assert_eq!(ended.code, Code::DeadlineExceeded, "{kind:?}");
        let ended = call(&mut in_layer, kind, "foo", None).await;
        assert_eq!(ended.code, Code::DeadlineExceeded, "{kind:?} in a layer");
        let ended = call(&mut callers_own_in_layer, kind, "foo", Some(ms(50))).await;
        assert_eq!(ended.code, Code::DeadlineExceeded, "{kind:?} in a layer");
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}
