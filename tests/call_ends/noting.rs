//! The kit's dummy service with both sides observed, in memory and with a paused clock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use grpc_interceptor::{
    CallEnd, Context, EndCause, Interceptor, MessageStream, Next, Outcome, Payload as _, Side,
    testing::{
        self, DummyClient, DummyRequest, dummy_service_client::InterceptedDummyServiceClient,
    },
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, transport::Channel};

use crate::{observers::Told, plan::TAIL};

/// The reported ends of calls on both sides.
#[derive(Clone, Default)]
pub(crate) struct Ends(Arc<Mutex<Vec<(Side, Told, Duration)>>>);

impl Ends {
    pub(crate) fn note(&self, side: Side, told: Told, elapsed: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((side, told, elapsed));
    }

    /// Takes the reports of one side.
    pub(crate) fn take(&self, side: Side) -> Vec<(Told, Duration)> {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_side = ends.extract_if(.., |(of, ..)| *of == side);
        of_side.map(|(_, told, elapsed)| (told, elapsed)).collect()
    }

    /// Takes the only report of one side.
    pub(crate) fn one(&self, side: Side) -> (Told, Duration) {
        let mut ends = self.take(side);
        assert_eq!(ends.len(), 1, "the ends on the {side:?}: {ends:?}");
        ends.remove(0)
    }

    /// Takes the only report of one side: how the call ended, and when.
    pub(crate) fn cause(&self, side: Side) -> (Code, EndCause, Duration) {
        let (Told { code, cause, .. }, elapsed) = self.one(side);
        (code, cause, elapsed)
    }

    /// Takes the only report of one side: the number of requests and responses.
    pub(crate) fn counts(&self, side: Side) -> (u64, u64) {
        let (Told { requests, responses, .. }, _) = self.one(side);
        (requests, responses)
    }
}

/// Records the ends.
#[derive(Clone)]
pub(crate) struct Noting(pub(crate) Ends);

impl<N: Next> Interceptor<N> for Noting {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let ends = self.0.clone();
        let note = move |end: &CallEnd<'_>| ends.note(context.side(), Told::of(end), end.elapsed());
        next.on_call_end(note).run(request).await
    }
}

/// Does what the request's metadata asks for.
pub(crate) struct AsAsked;

/// The response stream never ends after its first message.
pub(crate) const STAYS: &str = "stays";
/// The handler sees the first request of a stream, then its end.
pub(crate) const READS_ONE: &str = "reads-one";

impl<N: Next> Interceptor<N> for AsAsked {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let stays = request.metadata().contains_key(STAYS);
        let reads_one = request.metadata().contains_key(READS_ONE);
        let request = match reads_one {
            true => request.map(|payload| payload.map_stream(first)),
            false => request,
        };
        let response = next.run(request).await?.map(|payload| {
            payload.map_trailers(|trailers| {
                trailers.insert(TAIL, "end".parse().expect("it is ASCII"));
            })
        });
        Ok(match stays {
            true => response.map(|payload| payload.map_stream(first_of_many)),
            false => response,
        })
    }
}

fn first<M: Send + 'static>(messages: MessageStream<M>) -> MessageStream<M> {
    MessageStream::new(messages.take(1))
}

fn first_of_many<M: Send + 'static>(messages: MessageStream<M>) -> MessageStream<M> {
    MessageStream::new(messages.take(1).chain(tokio_stream::pending()))
}

/// Starts the dummy service. It answers "slow" after [`SLOW`].
pub(crate) async fn dummy() -> (DummyClient<Noting>, Ends) {
    let ends = Ends::default();
    let dummy = testing::dummy()
        .server_interceptors((Noting(ends.clone()), AsAsked))
        .client_interceptors(Noting(ends.clone()))
        .special_case_async("slow", |_| async {
            tokio::time::sleep(SLOW).await;
            "at last"
        });
    (dummy.start().await.expect("it starts in memory"), ends)
}

pub(crate) const SLOW: Duration = Duration::from_secs(3600);

pub(crate) fn input(input: &str) -> Request<DummyRequest> {
    Request::new(DummyRequest { input: input.to_owned() })
}

/// A request stream of these inputs.
pub(crate) fn inputs<const N: usize>(
    inputs: [&'static str; N],
) -> Request<impl tokio_stream::Stream<Item = DummyRequest> + Send + 'static> {
    Request::new(tokio_stream::iter(inputs.map(|input| DummyRequest { input: input.to_owned() })))
}

pub(crate) fn with<T>(mut request: Request<T>, key: &'static str) -> Request<T> {
    request.metadata_mut().insert(key, "yes".parse().expect("it is ASCII"));
    request
}

pub(crate) fn within<T>(mut request: Request<T>, time: Duration) -> Request<T> {
    request.set_timeout(time);
    request
}

/// A client that can be moved to a task.
pub(crate) type Client = InterceptedDummyServiceClient<Channel, Noting>;
