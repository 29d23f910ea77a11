use std::{
    any::Any,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::{Status, Streaming, metadata::MetadataMap};

use super::{
    around::{Around, AtEnd},
    aside::Aside,
    scopes::Scopes,
    source::{Again, FromMessages, FromStream, FromWire, Source, WithoutTrailers},
    stream_end::StreamEnd,
    trailers::{Kept, Trailers},
    watch::Watch,
};
use crate::{call::Scope, error::make_not_ok};

/// A stream of messages in a chain: `N::Request` for a client-streaming RPC, `N::Response` for a
/// server-streaming RPC.
///
/// Messages are pulled from the wire or from the handler as the reader asks for them. Most
/// interceptors use it through [`Payload`](crate::Payload), which also covers single messages. It
/// is a [`Stream`] as well, and can be created from any stream. That lets an interceptor replace
/// the messages of an RPC, or answer without calling [`next`](crate::Next).
///
/// ```
/// use grpc_interceptor::{Context, MessageStream, Next, Outcome};
/// use tonic::{Request, Response};
///
/// /// Answers a server-streaming RPC itself.
/// async fn canned<N>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N>
/// where
///     N: Next<Response = MessageStream<String>>,
/// {
///     let answers = ["one", "two"].map(|answer| Ok(answer.to_owned()));
///     Ok(Response::new(MessageStream::new(tokio_stream::iter(answers))))
/// }
/// ```
///
/// An error that is an OK status ends the stream successfully. That is how a handler, or an
/// interceptor that creates a stream, sends [trailing metadata](crate::trailers).
///
/// After an error or the end, no more messages follow, and the underlying source is dropped.
pub struct MessageStream<M> {
    state: State<M>,
    aside: Aside,
}

enum State<M> {
    /// Nothing has been read yet, so the source can still be taken out again.
    Unread(Box<dyn Source<M>>),
    Reading(Pin<Box<dyn Source<M>>>),
    /// Holds the source until the stream is dropped, if it is nested in another.
    Ended(Option<Pin<Box<dyn Source<M>>>>),
}

impl<M: Send + 'static> MessageStream<M> {
    /// Creates a `MessageStream` from any stream of messages.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<M, Status>> + Send + 'static,
    {
        Self::from_source(FromStream::new(stream))
    }

    pub(crate) fn from_source(source: impl Source<M>) -> Self {
        MessageStream { state: State::Unread(Box::new(source)), aside: Aside::NOTHING }
    }

    /// Creates one from a client's own request stream, which contains no errors.
    pub(crate) fn from_messages(messages: impl Stream<Item = M> + Send + 'static) -> Self {
        Self::from_source(FromMessages { messages })
    }

    /// Creates one from a stream off the wire without trailing metadata.
    pub(crate) fn without_trailers(stream: Streaming<M>) -> Self {
        Self::from_source(WithoutTrailers(stream))
    }

    /// Takes out the source if it is an `S` and the stream is unread, unwrapped and unwatched.
    #[allow(clippy::result_large_err, reason = "not an error: the stream is still usable")]
    pub(crate) fn into_source<S: 'static>(self) -> Result<S, Self> {
        match self.state {
            State::Unread(source)
                if self.aside.watch.is_none() && (&*source as &dyn Any).is::<S>() =>
            {
                match (source as Box<dyn Any>).downcast::<S>() {
                    Ok(source) => Ok(*source),
                    Err(_) => unreachable!("the type was just checked"),
                }
            }
            state => Err(MessageStream { state, ..self }),
        }
    }

    /// Attaches a watcher.
    pub(crate) fn watched(mut self, watch: Watch) -> Self {
        // There is only one slot, so an existing watcher moves inward.
        if self.aside.watch.is_some() {
            let scopes = self.take_scopes();
            self = Self::from_source(self).with_scopes(scopes);
        }
        self.aside.watch = Some(watch);
        self
    }

    /// Returns the next message, or `None` after the last one.
    ///
    /// # Errors
    ///
    /// Returns the status that the stream failed with. After that, returns `None`.
    pub async fn message(&mut self) -> Result<Option<M>, Status> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    /// Returns whether this is a client's own request stream that no interceptor has touched.
    pub(crate) fn is_untouched(&self) -> bool {
        match &self.state {
            State::Unread(source) => {
                self.aside.watch.is_none()
                    && self.aside.scopes.is_empty()
                    && source.is_callers_own()
            }
            State::Reading(_) | State::Ended(_) => false,
        }
    }

    /// At the end of the stream, fails with the closure's status if it returns one.
    pub(crate) fn or_failure<F>(self, failure: F) -> Self
    where
        F: Fn() -> Option<Status> + Send + 'static,
    {
        self.around(move |item, _| {
            if let None | Some(Err(_)) = item
                && let Some(failure) = failure()
            {
                *item = Some(Err(failure));
            }
        })
    }

    /// Keeps the trailing metadata once the stream has been read.
    pub(super) fn keeping_trailers(self) -> (Self, Kept) {
        let kept = Kept::default();
        let keeper = kept.clone();
        let messages = self.around(move |item, trailers| {
            if item.is_none() {
                keeper.set(trailers.clone());
            }
        });
        (messages, kept)
    }

    /// Ends with the kept trailing metadata, unless the stream has its own.
    pub(super) fn or_trailers(self, kept: Kept) -> Self {
        self.around(move |item, trailers| {
            if item.is_none() && trailers.is_none() {
                *trailers = kept.take();
            }
        })
    }

    fn each_item<F>(self, mut on_item: F) -> Self
    where
        F: FnMut(Result<M, Status>) -> Result<M, Status> + Send + 'static,
    {
        self.around(move |item, _| *item = item.take().map(&mut on_item))
    }

    /// Wraps the stream in a closure that sees each item in place: moving an item costs as much as
    /// most closures.
    fn around<F>(self, on_item: F) -> Self
    where
        F: FnMut(&mut Option<Result<M, Status>>, &mut Option<Trailers>) + Send + 'static,
    {
        self.wrap(|source| Around::new(source, on_item))
    }

    /// Wraps the source.
    pub(super) fn wrap<S: Source<M>>(
        mut self,
        wrap: impl FnOnce(Pin<Box<dyn Source<M>>>) -> S,
    ) -> Self {
        let scopes = self.take_scopes();
        Self::from_source(wrap(self.into_inner())).with_scopes(scopes)
    }

    /// Makes the stream run inside a scope when it is read to be sent to a server.
    pub(crate) fn sent_in_scope(mut self, scope: impl Scope) -> Self {
        self.aside.scopes.push(scope);
        self
    }

    pub(super) fn take_scopes(&mut self) -> Scopes {
        std::mem::take(&mut self.aside.scopes)
    }

    pub(super) fn with_scopes(mut self, scopes: Scopes) -> Self {
        self.aside.scopes = scopes;
        self
    }

    /// Returns the source to wrap: the underlying source, or this whole stream if it carries more
    /// state than that.
    fn into_inner(self) -> Pin<Box<dyn Source<M>>> {
        match self.state {
            State::Unread(source) if self.aside.watch.is_none() => Box::into_pin(source),
            State::Reading(source) if self.aside.watch.is_none() => source,
            state => Box::pin(MessageStream { state, ..self }),
        }
    }
}

impl<M> MessageStream<M> {
    /// Returns the trailing metadata, once the last message has been read.
    ///
    /// It is `None` before that, and if the stream has no trailers. If the stream failed, the
    /// metadata is in the status.
    ///
    /// A client gets it from the server, and a server gets it from the handler. A request stream
    /// has none.
    pub fn trailers(&self) -> Option<&MetadataMap> {
        self.aside.trailers()
    }

    /// Takes the trailing metadata, to pass it on.
    pub(crate) fn take_trailers(&mut self) -> Option<Trailers> {
        self.aside.trailers.take()
    }
}

impl<M: 'static> MessageStream<M> {
    /// Polls a stream that isn't being read: it hasn't begun, or it has ended.
    #[cold]
    fn poll_unread(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        match std::mem::replace(&mut self.state, State::Ended(None)) {
            State::Unread(source) => {
                self.state = State::Reading(Box::into_pin(source));
                self.poll_inside(context)
            }
            ended => {
                self.state = ended;
                match self.aside.take_error() {
                    Some(error) => Poll::Ready(Some(Err(error))),
                    None => Poll::Ready(None),
                }
            }
        }
    }

    /// Notifies the watcher of the end.
    #[cold]
    fn end(&mut self, item: &mut Option<Result<M, Status>>) {
        let reading = std::mem::replace(&mut self.state, State::Ended(None));
        let State::Reading(mut source) = reading else { return };
        match item {
            Some(Err(status)) => {
                make_not_ok(status);
                let again = source.as_mut().error_again();
                self.aside.fail(status, again);
            }
            _ => {
                let trailers = source.as_mut().trailers();
                self.aside.complete(trailers);
            }
        }
        self.state = State::Ended(Some(source));
    }

    /// Drops the source. This may panic, so it happens after the end was reported.
    #[cold]
    fn drop_source(&mut self) {
        if let State::Ended(source) = &mut self.state {
            *source = None;
        }
    }

    /// Polls for an enclosing stream, which drops this one when it has ended.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn poll_inside(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let State::Reading(source) = &mut self.state else {
            return self.poll_unread(context);
        };
        self.aside.poll();
        let mut polled = source.as_mut().poll_item(context);
        match &mut polled {
            Poll::Ready(Some(Ok(message))) => self.aside.message(message),
            Poll::Pending => self.aside.pending(),
            Poll::Ready(end) => self.end(end),
        }
        polled
    }
}

impl<M: 'static> Stream for MessageStream<M> {
    type Item = Result<M, Status>;

    // Always inlined, so that the caller gets an item from the source without an extra copy. A
    // debug build copies anyway, and would compile this again at each call site.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let polled = this.poll_inside(context);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            this.drop_source();
        }
        polled
    }
}

/// A stream nested in a wrapper.
impl<M: Send + 'static> Source<M> for MessageStream<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        self.poll_inside(context)
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.take_trailers()
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        self.aside.take_again()
    }
}

/// Converts a stream off the wire.
impl<M: Send + 'static> From<tonic::Streaming<M>> for MessageStream<M> {
    fn from(stream: tonic::Streaming<M>) -> Self {
        Self::from_source(FromWire::new(stream))
    }
}

impl<M> fmt::Debug for MessageStream<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MessageStream").finish_non_exhaustive()
    }
}

/// The methods of [`Payload`](crate::Payload), with the message type fixed. With only the trait's
/// methods, the compiler couldn't tell whether the message of a `MessageStream<HelloReply>` is a
/// `HelloReply` or the whole stream.
///
/// ```
/// use grpc_interceptor::{Context, MessageStream, Next, Outcome};
/// use tonic::Request;
///
/// async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
/// where
///     N: Next<Response = MessageStream<String>>,
/// {
///     let response = next.run(request).await?;
///     Ok(response.map(|messages| {
///         messages
///             .map_messages(|message| message.to_uppercase())
///             .on_end(|end| println!("{end:?}"))
///     }))
/// }
/// ```
impl<M: Send + 'static> MessageStream<M> {
    /// Calls a closure with each message as it passes.
    #[must_use = "a stream is inspected as it is read: pass on the returned stream"]
    pub fn inspect_messages(self, mut inspect: impl FnMut(&M) + Send + 'static) -> Self {
        self.around(move |item, _| {
            if let Some(Ok(message)) = item {
                inspect(message);
            }
        })
    }

    /// Replaces each message as it passes.
    #[must_use = "a stream's messages are replaced as it is read: pass on the returned stream"]
    pub fn map_messages(self, mut map: impl FnMut(M) -> M + Send + 'static) -> Self {
        self.each_item(move |item| item.map(&mut map))
    }

    /// Replaces each message, or ends the stream with a status.
    ///
    /// # Errors
    ///
    /// Never fails. It returns a `Result` to match
    /// [`Payload::try_map_messages`](crate::Payload::try_map_messages), which can fail immediately
    /// for a single message.
    pub fn try_map_messages(
        self,
        mut map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        Ok(self.each_item(move |item| item.and_then(&mut map)))
    }

    /// Replaces the status that the stream fails with.
    #[must_use = "a stream's error is replaced as it is read: pass on the returned stream"]
    pub fn map_errors(self, mut map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        self.each_item(move |item| item.map_err(&mut map))
    }

    /// Changes the trailing metadata, if the stream completes successfully. See
    /// [`Payload::map_trailers`](crate::Payload::map_trailers).
    #[must_use = "a stream's trailers are changed once it has been read: pass on the returned stream"]
    pub fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self {
        let mut map = Some(map);
        self.around(move |item, trailers| {
            if item.is_none()
                && let Some(map) = map.take()
            {
                map(trailers.get_or_insert_default().metadata_mut());
            }
        })
    }

    /// Runs a closure exactly once when the stream ends, however it ends. See
    /// [`Payload::on_end`](crate::Payload::on_end).
    #[must_use = "the end is only seen if the stream is read: pass on the returned stream"]
    pub fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        let mut at_end = AtEnd::new(on_end);
        self.around(move |item, trailers| match item {
            Some(Ok(_)) => {}
            Some(Err(status)) => at_end.end(StreamEnd::Failed(status)),
            None => {
                let trailers = trailers.as_ref().and_then(Trailers::metadata);
                at_end.end(StreamEnd::Complete { trailers });
            }
        })
    }
}
