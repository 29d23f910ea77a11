use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use grpc_interceptor_runtime::{
    CallEnd, Context, EndCause, Interceptor, MethodName, Next, ObservedCall, Outcome, RpcKind, Side,
};
use tonic::{
    Code, Request,
    metadata::{KeyAndValueRef, MetadataMap},
};

/// An interceptor that records what it sees and changes nothing. It works for any RPC on either
/// side.
///
/// What it sees depends on its position. Outside the interceptor under test, it sees the client's
/// request and the final outcome. Inside, it sees the request that the interceptor passed on, and
/// the outcome that it got back.
///
/// Clones share one list: pass one to the chain and keep one.
///
/// ```
/// use grpc_interceptor::testing::{self, RecordedOutcome, Recorder};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = Recorder::new();
/// let mut client = testing::dummy().server_interceptors(recorder.clone()).start().await?;
/// client.execute_server_stream("ab").await?;
///
/// let calls = recorder.calls();
/// assert_eq!(calls[0].method_name.method(), "ExecuteServerStream");
/// assert_eq!(calls[0].requests, [r#"DummyRequest { input: "ab" }"#]);
/// assert_eq!(calls[0].responses.len(), 2);
/// assert_eq!(calls[0].outcome, Some(RecordedOutcome::Ok));
/// # Ok(())
/// # }
/// ```
///
/// The messages have to be [`Debug`], as prost's are. In a
/// [`List`](grpc_interceptor_runtime::List), `Debug` writes only a message's type, so place the
/// recorder next to the list.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    calls: Arc<Mutex<Vec<RecordedCall>>>,
}

/// A [`Recorder`]'s record of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedCall {
    /// The RPC's name.
    pub method_name: MethodName<'static>,
    /// The kind of RPC: unary or streaming, in each direction.
    pub kind: RpcKind,
    /// The side that the recorder ran on.
    pub side: Side,
    /// The request's metadata as text, in no particular order. Binary values are in base64, as on
    /// the wire. Without the timeout: see [`time_remaining`](Self::time_remaining).
    pub metadata: Vec<(String, String)>,
    /// How much time the call had when it reached the recorder, or `None` without a deadline.
    pub time_remaining: Option<Duration>,
    /// The request messages, formatted with `Debug`. For a stream, those that have passed so far.
    pub requests: Vec<String>,
    /// The response messages, formatted with `Debug`. For a stream, those that have passed so far.
    pub responses: Vec<String>,
    /// The outcome of the call, set when its last response message has passed. `None` while it
    /// runs.
    pub outcome: Option<RecordedOutcome>,
}

/// The outcome of a call in a [`RecordedCall`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedOutcome {
    /// It returned a response. A response stream was read to its end.
    Ok,
    /// It failed, possibly in the middle of the response stream.
    Failed {
        /// The status's code.
        code: Code,
        /// The status's message.
        message: String,
    },
    /// It was dropped, or its response stream was: the caller or an outer interceptor gave up on
    /// it.
    Cancelled,
    /// It was dropped after its deadline had passed.
    TimedOut,
    /// Part of it panicked, and no interceptor inside the recorder turned that into a status.
    Panicked,
}

impl Recorder {
    /// Creates a recorder without any calls.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the calls so far, in the order in which they began.
    ///
    /// Once the client has read a call to its end, the call has its outcome, on both sides. A
    /// server's recorder learns of a cancelled call slightly later: to wait for that, use
    /// [`DummyClient::shutdown`](crate::DummyClient::shutdown), or
    /// [`RunningServer::shutdown`](crate::RunningServer::shutdown) for your own server.
    ///
    /// ```
    /// use grpc_interceptor::testing::{self, RecordedOutcome, Recorder};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = Recorder::new();
    /// let mut client = testing::dummy()
    ///     .server_interceptors(recorder.clone())
    ///     .special_case_async("forever", |_| std::future::pending::<String>())
    ///     .start()
    ///     .await?;
    /// let call = client.execute("forever");
    /// assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    /// client.shutdown().await;
    /// assert_eq!(recorder.calls()[0].outcome, Some(RecordedOutcome::Cancelled));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.lock().clone()
    }

    fn begin(&self, context: &Context, metadata: &MetadataMap) -> RunningCall {
        let mut calls = self.lock();
        calls.push(RecordedCall {
            method_name: context.method_name(),
            kind: context.kind(),
            side: context.side(),
            metadata: as_text(metadata),
            time_remaining: context.time_remaining(),
            requests: Vec::new(),
            responses: Vec::new(),
            outcome: None,
        });
        RunningCall { recorder: self.clone(), index: calls.len() - 1 }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RecordedCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N> Interceptor<N> for Recorder
where
    N: Next<RequestMessage: Debug, ResponseMessage: Debug>,
{
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        next.observed_by(self.begin(&context, request.metadata())).run(request)
    }
}

fn as_text(metadata: &MetadataMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    metadata
        .iter()
        .map(|entry| match entry {
            KeyAndValueRef::Ascii(key, value) => (key.to_string(), text(value.as_encoded_bytes())),
            KeyAndValueRef::Binary(key, value) => (key.to_string(), text(value.as_encoded_bytes())),
        })
        .filter(|(key, _)| key != "grpc-timeout")
        .collect()
}

/// A call without an outcome yet.
struct RunningCall {
    recorder: Recorder,
    index: usize,
}

impl<Q: Debug, P: Debug> ObservedCall<Q, P> for RunningCall {
    fn request_message(&self, message: &Q) {
        // Format outside the lock: it is user code.
        let message = format!("{message:?}");
        self.recorder.lock()[self.index].requests.push(message);
    }

    fn response_message(&self, message: &P) {
        let message = format!("{message:?}");
        self.recorder.lock()[self.index].responses.push(message);
    }

    fn end(&self, end: &CallEnd<'_>) {
        let outcome = match (end.status(), end.cause()) {
            (Some(status), _) => {
                let message = status.message().to_owned();
                RecordedOutcome::Failed { code: status.code(), message }
            }
            (None, EndCause::Complete) => RecordedOutcome::Ok,
            (None, EndCause::TimedOut) => RecordedOutcome::TimedOut,
            (None, EndCause::Panicked) => RecordedOutcome::Panicked,
            (None, _) => RecordedOutcome::Cancelled,
        };
        self.recorder.lock()[self.index].outcome = Some(outcome);
    }
}
