use tonic::{Status, metadata::MetadataMap};

use super::{
    erase::Erase, message_stream::MessageStream, stream_end::StreamEnd, watch::Watcher,
    wrap::WrapStream,
};

/// What travels through a chain as a request or a response: one message, or a stream of them.
///
/// It is what `N::Request` and `N::Response` of every [`Next`](crate::Next) have in common, so that
/// one interceptor handles the messages of every kind of RPC. For one message a closure runs at
/// once. For a [stream](crate::MessageStream) it runs as each message passes: nothing is buffered,
/// and the other side is read no faster than before.
///
/// `M` is the message's type, `N::RequestMessage` or `N::ResponseMessage`. Use it through tonic's
/// `Request::map` and `Response::map`:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, Payload, StreamEnd};
/// use tonic::Request;
///
/// /// Counts the messages that go back, on any RPC.
/// async fn count<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     let response = next.run(request).await?;
///     Ok(response.map(|payload| {
///         let mut number = 0;
///         payload.inspect_messages(move |_| {
///             number += 1;
///             println!("{}: message {number}", context.method_name());
///         })
///     }))
/// }
///
/// /// Refuses messages that are too long, wherever they come in a stream.
/// async fn limit<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
/// where
///     N: Next<RequestMessage = String>,
/// {
///     let (metadata, extensions, payload) = request.into_parts();
///     let payload = payload.try_map_messages(|message| match message.len() {
///         ..=100 => Ok(message),
///         length => Err(tonic::Status::invalid_argument(format!("{length} is too long"))),
///     })?;
///     next.run(Request::from_parts(metadata, extensions, payload)).await
/// }
/// ```
///
/// The trait is implemented for every type, as every type may be a message. Its methods have names
/// that don't get in the way of others.
pub trait Payload<M>: Erase<M> + Sized + Send + 'static {
    /// Whether this is a stream of messages.
    ///
    /// Ask a request or a response by `get_ref()`: on what `get_mut()` gives, the compiler takes
    /// the reference for a message.
    fn is_stream(&self) -> bool;

    /// The message, or `None` if this is a stream.
    fn single(&self) -> Option<&M>;

    /// The message, to be changed in place, or `None` if this is a stream.
    fn single_mut(&mut self) -> Option<&mut M>;

    /// Looks at each message.
    #[must_use = "a stream is inspected as it is read: pass on what this returns"]
    fn inspect_messages(self, inspect: impl FnMut(&M) + Send + 'static) -> Self;

    /// Replaces each message.
    #[must_use = "a stream's messages are replaced as it is read: pass on what this returns"]
    fn map_messages(self, map: impl FnMut(M) -> M + Send + 'static) -> Self;

    /// Replaces each message, or refuses it.
    ///
    /// # Errors
    ///
    /// For one message: the closure's, at once. For a stream this returns `Ok`; if the closure
    /// refuses a message, that status ends the stream instead, and what came behind it is dropped.
    /// On a client's request stream, messages that were ready together with the refused one may not
    /// be sent, either.
    fn try_map_messages(
        self,
        map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status>;

    /// Replaces the status that a stream fails with. One message can't fail: for it, nothing runs.
    #[must_use = "a stream's error is replaced as it is read: pass on what this returns"]
    fn map_errors(self, map: impl FnMut(Status) -> Status + Send + 'static) -> Self;

    /// Replaces a stream by another, such as one that is made of it. One message stays: for it,
    /// nothing runs.
    ///
    /// This is for what the other methods don't do, such as leaving messages out. If the new stream
    /// has no trailing metadata of its own, it keeps that of the old one, once that has been read to
    /// its end.
    ///
    /// ```
    /// use grpc_interceptor::{Context, MessageStream, Next, Outcome, Payload};
    /// use tokio_stream::StreamExt as _;
    /// use tonic::Request;
    ///
    /// /// Sends every other message of a stream.
    /// async fn every_other<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    ///     let response = next.run(request).await?;
    ///     Ok(response.map(|payload| {
    ///         payload.map_stream(|messages| {
    ///             let mut send = false;
    ///             MessageStream::new(messages.filter(move |_| {
    ///                 send = !send;
    ///                 send
    ///             }))
    ///         })
    ///     }))
    /// }
    /// ```
    #[must_use]
    fn map_stream(self, map: impl FnOnce(MessageStream<M>) -> MessageStream<M>) -> Self;

    /// Changes the trailing metadata that a response stream ends with, if it ends well. What was
    /// there is in it: on a server what the handler sends, on a client what came. One message has
    /// none: for it, nothing runs, as tonic sends none with it. A status that a stream fails with has
    /// its own, see [`map_errors`](Self::map_errors).
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome, Payload};
    /// use tonic::Request;
    ///
    /// /// Says who answered, behind the last message.
    /// async fn sign<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    ///     let response = next.run(request).await?;
    ///     Ok(response.map(|payload| {
    ///         payload.map_trailers(|trailers| {
    ///             trailers.insert("served-by", "ada-1".parse().expect("it is ASCII"));
    ///         })
    ///     }))
    /// }
    /// ```
    #[must_use = "a stream's trailers are changed when it has been read: pass on what this returns"]
    fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self;

    /// Runs the closure exactly once: when the last message has passed, when the stream fails, or,
    /// as [cancelled](StreamEnd::Cancelled), when the stream is dropped before either. For one
    /// message it runs at once, as [complete](StreamEnd::Complete).
    ///
    /// On a server, a response stream is dropped early if the client goes away, and a request stream
    /// if the handler returns without reading it to its end. A client that goes away in the middle
    /// of its own request stream may look like one that ended it: tonic tells a handler no more than
    /// that.
    ///
    /// This is the end of one stream. The end of a whole call, which may come before there is any
    /// response, is told by [`Next::on_call_end`](crate::Next::on_call_end).
    #[must_use = "the end is seen as the stream is read: pass on what this returns"]
    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self;

    /// Has it watched, which takes no box.
    #[doc(hidden)]
    #[must_use]
    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self;

    /// `map_stream` for what doesn't look into messages, and keeps the trailing metadata by itself.
    #[doc(hidden)]
    #[must_use]
    fn wrap_stream(self, wrap: impl WrapStream) -> Self;
}

/// One message.
impl<M: Send + 'static> Payload<M> for M {
    #[inline]
    fn is_stream(&self) -> bool {
        false
    }

    #[inline]
    fn single(&self) -> Option<&M> {
        Some(self)
    }

    #[inline]
    fn single_mut(&mut self) -> Option<&mut M> {
        Some(self)
    }

    #[inline]
    fn inspect_messages(self, mut inspect: impl FnMut(&M) + Send + 'static) -> Self {
        inspect(&self);
        self
    }

    #[inline]
    fn map_messages(self, mut map: impl FnMut(M) -> M + Send + 'static) -> Self {
        map(self)
    }

    #[inline]
    fn try_map_messages(
        self,
        mut map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        map(self)
    }

    #[inline]
    fn map_errors(self, _: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        self
    }

    #[inline]
    fn map_stream(self, _: impl FnOnce(MessageStream<M>) -> MessageStream<M>) -> Self {
        self
    }

    #[inline]
    fn map_trailers(self, _: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self {
        self
    }

    #[inline]
    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        on_end(StreamEnd::Complete { trailers: None });
        self
    }

    #[inline]
    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self {
        watcher.message(&self);
        self
    }

    #[inline]
    fn wrap_stream(self, _: impl WrapStream) -> Self {
        self
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

    fn inspect_messages(self, inspect: impl FnMut(&M) + Send + 'static) -> Self {
        MessageStream::inspect_messages(self, inspect)
    }

    fn map_messages(self, map: impl FnMut(M) -> M + Send + 'static) -> Self {
        MessageStream::map_messages(self, map)
    }

    fn try_map_messages(
        self,
        map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status> {
        MessageStream::try_map_messages(self, map)
    }

    fn map_errors(self, map: impl FnMut(Status) -> Status + Send + 'static) -> Self {
        MessageStream::map_errors(self, map)
    }

    fn map_stream(mut self, map: impl FnOnce(Self) -> Self) -> Self {
        let scopes = self.take_scopes();
        let (messages, kept) = self.keeping_trailers();
        map(messages).or_trailers(kept).with_scopes(scopes)
    }

    fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self {
        MessageStream::map_trailers(self, map)
    }

    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self {
        MessageStream::on_end(self, on_end)
    }

    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self {
        self.watched(watcher.share())
    }

    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        wrap.wrap(self)
    }
}
