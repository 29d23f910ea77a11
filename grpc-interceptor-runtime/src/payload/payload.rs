use tonic::{Status, metadata::MetadataMap};

use super::{
    erase::Erase, message_stream::MessageStream, stream_end::StreamEnd, watch::Watcher,
    wrap::WrapStream,
};

/// The payload of a request or a response: a single message, or a stream of messages.
///
/// `N::Request` and `N::Response` of every [`Next`](crate::Next) implement it, so one interceptor
/// can handle the messages of every kind of RPC. For a single message, a closure runs immediately.
/// For a [stream](crate::MessageStream), it runs as each message passes. Nothing is buffered, and
/// backpressure is unchanged.
///
/// `M` is the message type, `N::RequestMessage` or `N::ResponseMessage`. Use the trait through
/// tonic's `Request::map` and `Response::map`:
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, Payload, StreamEnd};
/// use tonic::Request;
///
/// /// Counts the response messages of any RPC.
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
/// /// Rejects messages that are too long, whether single or in a stream.
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
/// The trait is implemented for every type, since any type can be a message. The names of its
/// methods are chosen not to clash with others.
pub trait Payload<M>: Erase<M> + Sized + Send + 'static {
    /// Returns whether this is a stream of messages.
    ///
    /// On a request or a response, call it through `get_ref()`. Through `get_mut()`, the compiler
    /// takes the reference itself for a message.
    fn is_stream(&self) -> bool;

    /// Returns the message, or `None` if this is a stream.
    fn single(&self) -> Option<&M>;

    /// Returns a mutable reference to the message, or `None` if this is a stream.
    fn single_mut(&mut self) -> Option<&mut M>;

    /// Calls a closure with each message.
    #[must_use = "a stream is inspected as it is read: pass on the returned payload"]
    fn inspect_messages(self, inspect: impl FnMut(&M) + Send + 'static) -> Self;

    /// Replaces each message.
    #[must_use = "a stream's messages are replaced as it is read: pass on the returned payload"]
    fn map_messages(self, map: impl FnMut(M) -> M + Send + 'static) -> Self;

    /// Replaces each message, or rejects it.
    ///
    /// # Errors
    ///
    /// For a single message, returns the closure's error immediately. For a stream, returns `Ok`.
    /// If the closure rejects a message, the stream ends with that status and later messages are
    /// dropped. On a client's request stream, messages that were ready together with the rejected
    /// one might not be sent either.
    fn try_map_messages(
        self,
        map: impl FnMut(M) -> Result<M, Status> + Send + 'static,
    ) -> Result<Self, Status>;

    /// Replaces the status that a stream fails with. Does nothing for a single message, which can't
    /// fail.
    #[must_use = "a stream's error is replaced as it is read: pass on the returned payload"]
    fn map_errors(self, map: impl FnMut(Status) -> Status + Send + 'static) -> Self;

    /// Replaces a stream with another, which can be derived from it. Leaves a single message
    /// unchanged.
    ///
    /// Use this for anything the other methods don't do, such as dropping messages. If the new
    /// stream has no trailing metadata, it gets the old stream's, once that has been read to its
    /// end.
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

    /// Changes the trailing metadata of a response stream that completes successfully.
    ///
    /// The closure gets the existing trailers: on a server those that the handler sends, on a
    /// client those received. Does nothing for a single message, because tonic sends no trailers
    /// with it. The status of a failed stream has its own metadata: use
    /// [`map_errors`](Self::map_errors).
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome, Payload};
    /// use tonic::Request;
    ///
    /// /// Adds the name of the server to the trailers.
    /// async fn sign<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    ///     let response = next.run(request).await?;
    ///     Ok(response.map(|payload| {
    ///         payload.map_trailers(|trailers| {
    ///             trailers.insert("served-by", "ada-1".parse().expect("it is ASCII"));
    ///         })
    ///     }))
    /// }
    /// ```
    #[must_use = "a stream's trailers are changed once it has been read: pass on the returned payload"]
    fn map_trailers(self, map: impl FnOnce(&mut MetadataMap) + Send + 'static) -> Self;

    /// Runs a closure exactly once, when the payload ends.
    ///
    /// A stream ends when the last message has passed, when it fails, or, as
    /// [`Cancelled`](StreamEnd::Cancelled), when it is dropped before either. For a single message
    /// the closure runs immediately, with [`Complete`](StreamEnd::Complete).
    ///
    /// On a server, a response stream is dropped early if the client disconnects, and a request
    /// stream if the handler returns without reading it to its end. A client that disconnects in
    /// the middle of its request stream can look like one that ended the stream: tonic tells the
    /// handler nothing more.
    ///
    /// This is the end of one stream. For the end of a whole call, which can come before there is a
    /// response, use [`Next::on_call_end`](crate::Next::on_call_end).
    #[must_use = "the end is only seen if the stream is read: pass on the returned payload"]
    fn on_end(self, on_end: impl FnOnce(StreamEnd<'_>) + Send + 'static) -> Self;

    /// Attaches a watcher, without a box.
    #[doc(hidden)]
    #[must_use]
    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self;

    /// `map_stream` for wrappers that don't inspect messages and that keep the trailing metadata
    /// themselves.
    #[doc(hidden)]
    #[must_use]
    fn wrap_stream(self, wrap: impl WrapStream) -> Self;
}

/// A single message.
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

    #[doc(hidden)]
    #[inline]
    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self {
        watcher.message(&self);
        self
    }

    #[doc(hidden)]
    #[inline]
    fn wrap_stream(self, _: impl WrapStream) -> Self {
        self
    }
}

/// A stream of messages.
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

    #[doc(hidden)]
    fn watched_by(self, watcher: &mut impl Watcher<M>) -> Self {
        self.watched(watcher.share())
    }

    #[doc(hidden)]
    fn wrap_stream(self, wrap: impl WrapStream) -> Self {
        wrap.wrap(self)
    }
}
