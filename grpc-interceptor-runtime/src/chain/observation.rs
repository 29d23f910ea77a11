//! The observation of a single call.
//!
//! For a unary RPC, all of its state lives in the call's future. If there is a stream, the state
//! lives in an `Arc` that the streams share.

use std::{
    any::Any,
    marker::PhantomData,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tonic::{Code, Status, metadata::MetadataMap};

use crate::{
    CallEnd, Context, EndCause, StreamEnd,
    call::{is_deadline_passed, now},
    error::{is_panic, run_in_drop},
    payload::{ResponseWatch, Watch, WatchCall, Watcher},
};

/// A single call that an [`Observer`](crate::Observer) watches, from start to end.
///
/// `Q` and `P` are the types of the request and response messages. An impl that inspects messages
/// adds the bounds it needs: `impl<Q: Debug, P: Debug> ObservedCall<Q, P> for …`.
///
/// Request and response messages can pass at the same time, in different tasks. All methods
/// therefore take `&self`: keep mutable state in an atomic or behind a lock. The methods should be
/// quick and shouldn't block.
pub trait ObservedCall<Q, P>: Send + Sync + 'static {
    /// Whether [`request_message`](Self::request_message) and
    /// [`response_message`](Self::response_message) do anything.
    ///
    /// If `false`, those methods might not be called. An
    /// [`InterceptorLayer`](crate::InterceptorLayer) then only counts messages and doesn't buffer
    /// them.
    const LOOKS_AT_MESSAGES: bool = true;

    /// Returns when the call began, if the clock has already been read.
    #[doc(hidden)]
    fn start(&self) -> Option<Instant> {
        None
    }

    /// Called for each request message: on a server before the handler gets it, on a client before
    /// it is sent.
    fn request_message(&self, message: &Q) {
        let _ = message;
    }

    /// Called for each request message without its contents, before
    /// [`request_message`](Self::request_message). Called even if
    /// [`LOOKS_AT_MESSAGES`](Self::LOOKS_AT_MESSAGES) is `false`.
    fn request_passed(&self) {}

    /// Called for each response message without its contents.
    fn response_passed(&self) {}

    /// Called for each response message.
    fn response_message(&self, message: &P) {
        let _ = message;
    }

    /// Called exactly once, when the call has ended.
    ///
    /// This is the last method called, except that the rest of a request stream may still pass. It
    /// can run in a destructor, for example when a client disconnects. An inner observer is
    /// notified before an outer one.
    fn end(&self, end: &CallEnd<'_>);
}

/// A closure that runs at the end of one call. Created by
/// [`Next::on_call_end`](crate::Next::on_call_end).
#[derive(Debug)]
pub struct OnEnd<F>(Mutex<Option<F>>);

impl<F> OnEnd<F> {
    pub(super) fn new(on_end: F) -> Self {
        OnEnd(Mutex::new(Some(on_end)))
    }
}

impl<Q, P, F> ObservedCall<Q, P> for OnEnd<F>
where
    F: FnOnce(&CallEnd<'_>) + Send + 'static,
{
    const LOOKS_AT_MESSAGES: bool = false;

    fn end(&self, end: &CallEnd<'_>) {
        // Release the lock first: the closure is user code.
        let on_end = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_end) = on_end {
            on_end(end);
        }
    }
}

/// The state of a running call that doesn't depend on its message types.
struct Progress {
    context: Context,
    start: Instant,
    requests: AtomicU64,
    responses: AtomicU64,
}

impl Progress {
    fn new(context: Context, start: Option<Instant>) -> Self {
        let (requests, responses) = (AtomicU64::new(0), AtomicU64::new(0));
        Progress { context, start: start.unwrap_or_else(now), requests, responses }
    }

    fn complete<'a>(&self, trailers: Option<&'a MetadataMap>) -> CallEnd<'a> {
        self.end(Code::Ok, EndCause::Complete, None, trailers)
    }

    #[cold]
    fn failed<'a>(&self, status: &'a Status) -> CallEnd<'a> {
        let out_of_time = || self.context.is_out_of_time(self.start);
        let cause = match status.code() {
            Code::DeadlineExceeded if out_of_time() || is_deadline_passed(status) => {
                EndCause::TimedOut
            }
            _ if is_panic(status) => EndCause::Panicked,
            _ => EndCause::Failed,
        };
        self.end(status.code(), cause, Some(status), Some(status.metadata()))
    }

    #[cold]
    fn dropped(&self) -> CallEnd<'static> {
        let (code, cause) = match self.context.is_out_of_time(self.start) {
            true => (Code::DeadlineExceeded, EndCause::TimedOut),
            false => (Code::Cancelled, EndCause::Cancelled),
        };
        self.end(code, cause, None, None)
    }

    #[cold]
    fn panicked(&self) -> CallEnd<'static> {
        self.end(Code::Unknown, EndCause::Panicked, None, None)
    }

    fn end<'a>(
        &self,
        code: Code,
        cause: EndCause,
        status: Option<&'a Status>,
        trailers: Option<&'a MetadataMap>,
    ) -> CallEnd<'a> {
        CallEnd {
            code,
            cause,
            status,
            trailers: trailers.filter(|trailers| !trailers.is_empty()),
            elapsed: now().saturating_duration_since(self.start),
            request_messages: self.requests.load(Ordering::Relaxed),
            response_messages: self.responses.load(Ordering::Relaxed),
        }
    }
}

struct Observation<C, Q, P> {
    call: C,
    progress: Progress,
    messages: PhantomData<fn(Q, P)>,
}

impl<C: ObservedCall<Q, P>, Q, P> Observation<C, Q, P> {
    fn request(&self, message: Option<&Q>) {
        self.progress.requests.fetch_add(1, Ordering::Relaxed);
        self.call.request_passed();
        if let Some(message) = message {
            self.call.request_message(message);
        }
    }

    fn response(&self, message: Option<&P>) {
        self.progress.responses.fetch_add(1, Ordering::Relaxed);
        self.call.response_passed();
        if let Some(message) = message {
            self.call.response_message(message);
        }
    }

    fn tell(&self, end: StreamEnd<'_>) {
        self.call.end(&match end {
            StreamEnd::Complete { trailers } => self.progress.complete(trailers),
            StreamEnd::Failed(status) => self.progress.failed(status),
            StreamEnd::Cancelled => self.progress.dropped(),
        });
    }

    fn tell_panicked(&self) {
        self.call.end(&self.progress.panicked());
    }
}

impl<C: ObservedCall<Q, P>, Q: 'static, P: 'static> WatchCall for Observation<C, Q, P> {
    fn looks(&self) -> bool {
        C::LOOKS_AT_MESSAGES
    }

    fn request(&self, message: &dyn Any) {
        self.request(message.downcast_ref());
    }

    fn response(&self, message: &dyn Any) {
        self.response(message.downcast_ref());
    }

    fn end(&self, end: StreamEnd<'_>) {
        self.tell(end);
    }

    fn panicked(&self) {
        self.tell_panicked();
    }
}

/// Watches a call until its response begins. Dropping it before then means that the call was
/// dropped.
pub(crate) struct Watching<C: ObservedCall<Q, P>, Q, P> {
    state: State<C, Q, P>,
    /// Being dropped while this is `true` means a panic: see [`ResponseWatch`].
    is_polled: bool,
}

enum State<C, Q, P> {
    Alone(Observation<C, Q, P>),
    /// The call has a stream.
    Shared(Arc<Observation<C, Q, P>>),
    /// The end was reported, or the response stream will report it.
    Over,
}

impl<C: ObservedCall<Q, P>, Q, P> Watching<C, Q, P> {
    pub(crate) fn new(call: C, context: Context) -> Self {
        let progress = Progress::new(context, call.start());
        let state = State::Alone(Observation { call, progress, messages: PhantomData });
        Watching { state, is_polled: false }
    }

    /// Runs a part of the call, which may panic.
    #[inline]
    pub(crate) fn watch<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.is_polled = true;
        let result = run(self);
        self.is_polled = false;
        result
    }

    pub(crate) fn request(&mut self) -> OfRequest<'_, C, Q, P> {
        OfRequest(self)
    }

    pub(crate) fn response(&mut self) -> OfResponse<'_, C, Q, P> {
        OfResponse(self)
    }

    pub(crate) fn failed(&mut self, status: &Status) {
        self.tell(|observation| observation.tell(StreamEnd::Failed(status)));
    }

    /// Reports the end, unless it has been reported.
    fn tell(&mut self, tell: impl FnOnce(&Observation<C, Q, P>)) {
        match mem::replace(&mut self.state, State::Over) {
            State::Alone(observation) => tell(&observation),
            State::Shared(observation) => tell(&observation),
            State::Over => {}
        }
    }

    fn get(&self) -> Option<&Observation<C, Q, P>> {
        match &self.state {
            State::Alone(observation) => Some(observation),
            State::Shared(observation) => Some(observation),
            State::Over => None,
        }
    }

    /// Returns a share of the observation for a stream to keep.
    fn share(&mut self) -> Arc<Observation<C, Q, P>> {
        let shared = match mem::replace(&mut self.state, State::Over) {
            State::Alone(observation) => Arc::new(observation),
            State::Shared(observation) => observation,
            State::Over => unreachable!("a call has one request and one response"),
        };
        self.state = State::Shared(shared.clone());
        shared
    }
}

impl<C: ObservedCall<Q, P>, Q, P> Drop for Watching<C, Q, P> {
    fn drop(&mut self) {
        if !matches!(self.state, State::Over) {
            let panicked = self.is_polled;
            run_in_drop(|| {
                self.tell(|observation| match panicked {
                    true => observation.tell_panicked(),
                    false => observation.tell(StreamEnd::Cancelled),
                });
            });
        }
    }
}

/// Watches the request.
pub(crate) struct OfRequest<'a, C: ObservedCall<Q, P>, Q, P>(&'a mut Watching<C, Q, P>);

impl<C: ObservedCall<Q, P>, Q: 'static, P: 'static> Watcher<Q> for OfRequest<'_, C, Q, P> {
    #[inline]
    fn message(&mut self, message: &Q) {
        if let Some(observation) = self.0.get() {
            observation.request(Some(message));
        }
    }

    fn share(&mut self) -> Watch {
        Watch::Request(self.0.share())
    }
}

/// Watches the response.
pub(crate) struct OfResponse<'a, C: ObservedCall<Q, P>, Q, P>(&'a mut Watching<C, Q, P>);

impl<C: ObservedCall<Q, P>, Q: 'static, P: 'static> Watcher<P> for OfResponse<'_, C, Q, P> {
    #[inline]
    fn message(&mut self, message: &P) {
        if let Some(observation) = self.0.get() {
            observation.response(Some(message));
        }
        self.0.tell(|observation| observation.tell(StreamEnd::Complete { trailers: None }));
    }

    fn share(&mut self) -> Watch {
        let shared = self.0.share();
        self.0.state = State::Over;
        Watch::Response(ResponseWatch::new(shared))
    }
}
