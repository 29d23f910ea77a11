use std::{
    any::Any,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::{Status, metadata::MetadataMap};

use super::{
    source::{Around, AtEnd, FromMessages, FromStream, Nothing, Source},
    stream_end::StreamEnd,
};
use crate::error::make_not_ok;

/// Many messages, as they travel through a chain: the `N::Request` of an RPC whose client streams,
/// the `N::Response` of one whose server streams.
///
/// Its messages come from the wire or from the handler as whoever reads it asks for them. An
/// interceptor mostly uses it through [`Payload`](crate::Payload), which treats one message alike. It is a
/// [`Stream`], too, and can be made of any: that is how an interceptor replaces the messages of an
/// RPC, or answers without calling [`next`](crate::Next).
///
/// ```
/// use grpc_interceptor::{Context, MessageStream, Next, Outcome};
/// use tonic::{Request, Response};
///
/// /// Answers a server-streaming RPC alone.
/// async fn canned<N>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N>
/// where
///     N: Next<Response = MessageStream<String>>,
/// {
///     let answers = ["one", "two"].map(|answer| Ok(answer.to_owned()));
///     Ok(Response::new(MessageStream::new(tokio_stream::iter(answers))))
/// }
/// ```
///
/// After an error or the end nothing follows, and what the messages came from is dropped.
pub struct MessageStream<M> {
    state: State<M>,
    trailers: Option<MetadataMap>,
}

enum State<M> {
    /// Nothing has been read yet, so what the messages come from can still be taken out again.
    Unread {
        source: Box<dyn Source<M>>,
        can_fail: bool,
    },
    Reading(Pin<Box<dyn Source<M>>>),
    Ended,
}

impl<M: Send + 'static> MessageStream<M> {
    /// Makes one of any stream of messages.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<M, Status>> + Send + 'static,
    {
        Self::from_source(FromStream { stream })
    }

    pub(crate) fn from_source(source: impl Source<M>) -> Self {
        let source = Box::new(source);
        MessageStream { state: State::Unread { source, can_fail: true }, trailers: None }
    }

    /// Of a client's own request stream, in which there are no errors.
    pub(crate) fn from_messages(messages: impl Stream<Item = M> + Send + 'static) -> Self {
        let source = Box::new(FromMessages { messages });
        MessageStream { state: State::Unread { source, can_fail: false }, trailers: None }
    }

    /// Takes out what this was made of, where it was an `S`, nothing was read from it and nobody
    /// put anything around it.
    pub(crate) fn into_source<S: 'static>(self) -> Result<S, Self> {
        match self.state {
            State::Unread { source, .. } if (&*source as &dyn Any).is::<S>() => {
                match (source as Box<dyn Any>).downcast::<S>() {
                    Ok(source) => Ok(*source),
                    Err(_) => unreachable!("its type was compared just now"),
                }
            }
            state => Err(MessageStream { state, trailers: self.trailers }),
        }
    }

    /// The next message, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The status that the stream failed with. After it, `None` follows.
    pub async fn message(&mut self) -> Result<Option<M>, Status> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    /// The trailing metadata, once the last message has passed; `None` before, and where there is
    /// none. A stream that failed has it in its status.
    ///
    /// A client gets it from the server. A request stream has none.
    pub fn trailers(&self) -> Option<&MetadataMap> {
        self.trailers.as_ref()
    }

    /// For whoever tells the end only once.
    pub(crate) fn take_trailers(&mut self) -> Option<MetadataMap> {
        self.trailers.take()
    }

    /// Whether an error may come out of it: not where it is a client's own request stream, which
    /// nobody put anything around.
    pub(crate) fn can_fail(&self) -> bool {
        !matches!(self.state, State::Unread { can_fail: false, .. })
    }

    /// Fails with what the closure gives, if anything, when the stream ends.
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

    fn each_item<F>(self, mut on_item: F) -> Self
    where
        F: FnMut(Result<M, Status>) -> Result<M, Status> + Send + 'static,
    {
        self.around(move |item, _| *item = item.take().map(&mut on_item))
    }

    /// What is around a stream sees each item in its place: moving one costs as much as most
    /// closures.
    fn around<F>(self, on_item: F) -> Self
    where
        F: FnMut(&mut Option<Result<M, Status>>, Option<&MetadataMap>) + Send + 'static,
    {
        let source = match self.state {
            State::Unread { source, .. } => Box::into_pin(source),
            State::Reading(source) => source,
            State::Ended => Box::pin(Nothing),
        };
        Self::from_source(Around { source, on_item, trailers: self.trailers })
    }
}

impl<M: 'static> MessageStream<M> {
    /// Where it isn't being read, because it has not begun or has ended.
    #[cold]
    fn poll_unread(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Unread { source, .. } => {
                self.state = State::Reading(Box::into_pin(source));
                Pin::new(self).poll_next(context)
            }
            // It is never being read here.
            State::Reading(_) | State::Ended => Poll::Ready(None),
        }
    }

    /// Drops what the messages came from.
    #[cold]
    fn end(&mut self, item: &mut Option<Result<M, Status>>) {
        let state = std::mem::replace(&mut self.state, State::Ended);
        match (item, state) {
            (Some(Err(status)), _) => make_not_ok(status),
            (_, State::Reading(mut source)) => self.trailers = source.as_mut().trailers(),
            _ => {}
        }
    }
}

impl<M: 'static> Stream for MessageStream<M> {
    type Item = Result<M, Status>;

    // Always inlined, so that who polls this gets an item from its source with no copy between.
    #[inline(always)]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let State::Reading(source) = &mut this.state else {
            return this.poll_unread(context);
        };
        let mut polled = source.as_mut().poll_item(context);
        match &mut polled {
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
            Poll::Ready(end) => this.end(end),
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Unread { source, .. } => source.remaining(),
            State::Reading(source) => source.remaining(),
            State::Ended => (0, Some(0)),
        }
    }
}

/// A stream that came over the wire.
impl<M: Send + 'static> From<tonic::Streaming<M>> for MessageStream<M> {
    fn from(stream: tonic::Streaming<M>) -> Self {
        Self::from_source(stream)
    }
}

impl<M> fmt::Debug for MessageStream<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MessageStream").finish_non_exhaustive()
    }
}

/// What [`Payload`](crate::Payload) has, with the type of the messages known: on a `MessageStream<HelloReply>` the
/// trait's methods alone would leave open whether the message is a `HelloReply` or the whole stream.
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
    /// Looks at each message, as it passes.
    #[must_use = "a stream is inspected as it is read: pass on what this returns"]
    pub fn inspect_messages(self, mut inspect: impl FnMut(&M) + Send + 'static) -> Self {
        self.around(move |item, _| {
            if let Some(Ok(message)) = item {
                inspect(message);
            }
        })
    }

    /// Replaces each message, as it passes.
    #[must_use = "a stream's messages are replaced as it is read: pass on what this returns"]
    pub fn map_messages(self, mut map: impl FnMut(M) -> M + Send + 'static) -> Self {
        self.each_item(move |item| item.map(&mut map))
    }

    /// Replaces each message, or ends the stream with a status.
    ///
    /// # Errors
    ///
    /// None: it returns a `Result` as [`crate::Payload::try_map_messages`] does, which may fail at once
    /// where there is one message.
    pub fn try_map_messages(
        self,
        mut map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        Ok(self.each_item(move |item| item.and_then(&mut map)))
    }

    /// Replaces the status that the stream fails with.
    #[must_use = "a stream's error is replaced as it is read: pass on what this returns"]
    pub fn map_errors(self, mut map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        self.each_item(move |item| item.map_err(&mut map))
    }

    /// Runs the closure exactly once, when the stream ends, in whichever way:
    /// see [`crate::Payload::on_end`].
    #[must_use = "the end is seen as the stream is read: pass on what this returns"]
    pub fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        let mut at_end = AtEnd::new(on_end);
        self.around(move |item, trailers| match item {
            Some(Ok(_)) => {}
            Some(Err(status)) => at_end.end(StreamEnd::Failed(status)),
            None => at_end.end(StreamEnd::Complete { trailers }),
        })
    }
}
