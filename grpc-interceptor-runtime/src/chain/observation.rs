//! One call that is observed.
//!
//! Of a unary RPC all that is kept of it is in the call's future. If there is a stream, it is in an
//! `Arc`, which each stream has a share of.

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

/// One call that an [`Observer`](crate::Observer) watches, from its start to its end.
///
/// `Q` and `P` are the types of the request's and the response's messages. An impl that looks into them
/// asks for what it needs: `impl<Q: Debug, P: Debug> ObservedCall<Q, P> for …`.
///
/// A request's messages and a response's may pass at the same time, in different tasks: so all methods
/// take `&self`, and what changes is an atomic or behind a lock. They should be quick, and not wait.
pub trait ObservedCall<Q, P>: Send + Sync + 'static {
    /// Whether [`request_message`](Self::request_message) and [`response_message`](Self::response_message) do
    /// something. If this is `false`, they may not be called. In an [`InterceptorLayer`](crate::InterceptorLayer)
    /// messages then pass without being collected, and are only counted.
    const LOOKS_AT_MESSAGES: bool = true;

    /// When the call began, if it has looked at the clock already.
    #[doc(hidden)]
    fn start(&self) -> Option<Instant> {
        None
    }

    /// A request message passes: on a server before the handler gets it, on a client before it is
    /// sent.
    fn request_message(&self, message: &Q) {
        let _ = message;
    }

    /// A request message passes, whatever is in it: before [`request_message`](Self::request_message). It is called
    /// for each message, also if [`LOOKS_AT_MESSAGES`](Self::LOOKS_AT_MESSAGES) is `false`.
    fn request_passed(&self) {}

    /// A response message passes, whatever is in it.
    fn response_passed(&self) {}

    /// A response message passes.
    fn response_message(&self, message: &P) {
        let _ = message;
    }

    /// The call has ended. Called exactly once, after all other methods, except that the rest of a
    /// request stream may still pass.
    ///
    /// It may be called in a destructor, such as when a client goes away. Of two observers the inner one is told first.
    fn end(&self, end: &CallEnd<'_>);
}

/// A closure that is called at the end of one call, as [`Next::on_call_end`](crate::Next::on_call_end)
/// takes it.
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
        // Not while it is locked: it is the user's code.
        let on_end = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_end) = on_end {
            on_end(end);
        }
    }
}

/// What is known of a call on its way, whatever its messages are.
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

/// Watches a call until its response has begun. If it is dropped before, the call was.
pub(crate) struct Watching<C: ObservedCall<Q, P>, Q, P> {
    state: State<C, Q, P>,
    /// If it is dropped then, it has panicked: see [`ResponseWatch`].
    is_polled: bool,
}

enum State<C, Q, P> {
    Alone(Observation<C, Q, P>),
    /// With a stream.
    Shared(Arc<Observation<C, Q, P>>),
    /// The end was told, or the response's stream tells it.
    Over,
}

impl<C: ObservedCall<Q, P>, Q, P> Watching<C, Q, P> {
    pub(crate) fn new(call: C, context: Context) -> Self {
        let progress = Progress::new(context, call.start());
        let state = State::Alone(Observation { call, progress, messages: PhantomData });
        Watching { state, is_polled: false }
    }

    /// Runs a piece of the call, which may panic.
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

    /// Tells of the end, if that wasn't told.
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

    /// For a stream, which keeps it.
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
