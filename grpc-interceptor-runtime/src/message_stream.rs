use std::{
    any::{Any, TypeId},
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio_stream::Stream;
use tonic::Status;

use crate::{Payload, StreamEnd, server::StreamItem};

/// Many messages, as they travel through a chain: the `N::Request` of an RPC whose client streams,
/// the `N::Response` of one whose server streams.
///
/// Its messages come from the wire or from the handler as whoever reads it asks for them. An
/// interceptor mostly uses it through [`Payload`], which treats one message alike. It is a
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
}

enum State<M> {
    /// Nothing has been read yet, so what the messages come from can still be taken out again.
    Unread(Box<dyn Source<M>>),
    Reading(Pin<Box<dyn Source<M>>>),
    Ended,
}

impl<M: Send + 'static> MessageStream<M> {
    /// Makes one of any stream of messages.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<M, Status>> + Send + 'static,
    {
        Self::from_source(stream)
    }

    pub(crate) fn from_source(source: impl Source<M>) -> Self {
        MessageStream { state: State::Unread(Box::new(source)) }
    }

    /// Takes out what this was made of, where it was an `S`, nothing was read from it and nobody
    /// put anything around it.
    pub(crate) fn into_source<S: 'static>(self) -> Result<S, Self> {
        match self.state {
            State::Unread(source) if source.source_type() == TypeId::of::<S>() => {
                match source.into_any().downcast::<S>() {
                    Ok(source) => Ok(*source),
                    // The type was compared just now.
                    Err(_) => unreachable!("a stream of another type than it says"),
                }
            }
            state => Err(MessageStream { state }),
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

    fn each_item<F>(self, on_item: F) -> Self
    where
        F: FnMut(Result<M, Status>) -> Result<M, Status> + Send + 'static,
    {
        Self::from_source(EachItem { messages: self, on_item })
    }
}

impl<M: 'static> Stream for MessageStream<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match &mut self.state {
            State::Reading(source) => ready!(source.as_mut().poll_item(context)),
            State::Ended => None,
            State::Unread(_) => {
                if let State::Unread(source) = std::mem::replace(&mut self.state, State::Ended) {
                    self.state = State::Reading(source.into());
                }
                return self.poll_next(context);
            }
        };
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Ended;
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Unread(source) => source.remaining(),
            State::Reading(source) => source.remaining(),
            State::Ended => (0, Some(0)),
        }
    }
}

/// A stream that came over the wire.
impl<M: Send + 'static> From<tonic::Streaming<M>> for MessageStream<M> {
    fn from(stream: tonic::Streaming<M>) -> Self {
        Self::new(stream)
    }
}

impl<M> fmt::Debug for MessageStream<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MessageStream").finish_non_exhaustive()
    }
}

/// Many messages.
impl<M: Send + 'static> Payload<M> for MessageStream<M> {
    fn is_stream(&self) -> bool {
        true
    }

    fn single(&self) -> Option<&M> {
        None
    }

    fn single_mut(&mut self) -> Option<&mut M> {
        None
    }

    fn inspect_messages(self, mut inspect: impl FnMut(&M) + Send + 'static) -> Self {
        self.each_item(move |item| item.inspect(&mut inspect))
    }

    fn map_messages(self, mut map: impl FnMut(M) -> M + Send + 'static) -> Self {
        self.each_item(move |item| item.map(&mut map))
    }

    fn try_map_messages(
        self,
        mut map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        Ok(self.each_item(move |item| item.and_then(&mut map)))
    }

    fn map_errors(self, mut map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        self.each_item(move |item| item.map_err(&mut map))
    }

    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        Self::from_source(OnEnd { messages: self, on_end: Some(on_end) })
    }
}

/// What messages come from: any stream of them, of which the type is forgotten but can be asked
/// for, so that a stream that nobody touched gets out of a chain as it went in.
pub(crate) trait Source<M>: Send + 'static {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>>;

    fn remaining(&self) -> (usize, Option<usize>);

    fn source_type(&self) -> TypeId;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<S, M> Source<M> for S
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
{
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        self.poll_next(context).map(|item| item.map(StreamItem::into_result))
    }

    fn remaining(&self) -> (usize, Option<usize>) {
        self.size_hint()
    }

    fn source_type(&self) -> TypeId {
        TypeId::of::<S>()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Runs a closure on each message, and on the error where there is one.
struct EachItem<M, F> {
    messages: MessageStream<M>,
    on_item: F,
}

/// The closure is never pinned.
impl<M, F> Unpin for EachItem<M, F> {}

impl<M: 'static, F> Stream for EachItem<M, F>
where
    F: FnMut(Result<M, Status>) -> Result<M, Status>,
{
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        Pin::new(&mut this.messages).poll_next(context).map(|item| item.map(&mut this.on_item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.messages.size_hint()
    }
}

/// Runs a closure once, at the end or when it is dropped before.
struct OnEnd<M, F: FnOnce(StreamEnd<'_>)> {
    messages: MessageStream<M>,
    on_end: Option<F>,
}

/// The closure is never pinned.
impl<M, F: FnOnce(StreamEnd<'_>)> Unpin for OnEnd<M, F> {}

impl<M, F: FnOnce(StreamEnd<'_>)> OnEnd<M, F> {
    fn end(&mut self, end: StreamEnd<'_>) {
        if let Some(on_end) = self.on_end.take() {
            on_end(end);
        }
    }
}

impl<M: 'static, F: FnOnce(StreamEnd<'_>)> Stream for OnEnd<M, F> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.messages).poll_next(context));
        match &item {
            Some(Ok(_)) => {}
            Some(Err(status)) => self.end(StreamEnd::Failed(status)),
            None => self.end(StreamEnd::Complete),
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.messages.size_hint()
    }
}

impl<M, F: FnOnce(StreamEnd<'_>)> Drop for OnEnd<M, F> {
    fn drop(&mut self) {
        self.end(StreamEnd::Cancelled);
    }
}
