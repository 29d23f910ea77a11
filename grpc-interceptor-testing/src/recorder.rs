use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use grpc_interceptor_runtime::{
    CallEnd, Context, EndCause, Interceptor, MethodName, Next, ObservedCall, Outcome, RpcKind, Side,
};
use tonic::{Code, Request};

/// An interceptor, for any RPC on either side, that writes down what it sees and changes nothing.
///
/// What it sees depends on its place: in front of the interceptor under test, it sees what the
/// client asked and what it got; behind it, what the interceptor made of that.
///
/// Clones write to the same list: give one to the chain, and keep one.
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
/// The messages have to be [`Debug`], as prost's are. In a [`List`](grpc_interceptor_runtime::List) that
/// tells no more than their type: put the recorder beside the list.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    calls: Arc<Mutex<Vec<RecordedCall>>>,
}

/// What a [`Recorder`] saw of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedCall {
    /// The RPC's name.
    pub method_name: MethodName<'static>,
    /// Whether one message or many go each way.
    pub kind: RpcKind,
    /// Where the recorder ran.
    pub side: Side,
    /// The request messages, as their `Debug` text: of a stream, those that have passed.
    pub requests: Vec<String>,
    /// The response messages, as their `Debug` text: of a stream, those that have passed.
    pub responses: Vec<String>,
    /// What the call came to, when its last response message had passed. `None` while it runs.
    pub outcome: Option<RecordedOutcome>,
}

/// What a call came to, in a [`RecordedCall`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedOutcome {
    /// It was answered; if the response is a stream, to its end.
    Ok,
    /// It failed, be it in the middle of the response stream.
    Failed {
        /// The status's code.
        code: Code,
        /// The status's text.
        message: String,
    },
    /// It was dropped, or its response stream was: the caller gave it up, or an interceptor around
    /// this one did.
    Cancelled,
    /// It was dropped when its deadline had passed.
    TimedOut,
    /// Something in it panicked, and nothing inside of the recorder made a status of that.
    Panicked,
}

impl Recorder {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The calls until now, in the order in which they began.
    ///
    /// A call that the client has read to its end has its outcome, on both sides. That a call was
    /// given up comes to a server's recorder a little later: to wait for that, use
    /// [`DummyClient::shutdown`](crate::DummyClient::shutdown).
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

    fn begin(&self, context: &Context) -> RunningCall {
        let mut calls = self.lock();
        calls.push(RecordedCall {
            method_name: context.method_name(),
            kind: context.kind(),
            side: context.side(),
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
        next.observed_by(self.begin(&context)).run(request)
    }
}

/// A call without an outcome.
struct RunningCall {
    recorder: Recorder,
    index: usize,
}

impl<Q: Debug, P: Debug> ObservedCall<Q, P> for RunningCall {
    fn request_message(&self, message: &Q) {
        // Outside of the lock: it is the user's code.
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
