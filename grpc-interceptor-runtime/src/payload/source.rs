//! The sources of the messages in a [`MessageStream`](super::message_stream::MessageStream).

use std::{
    any::Any,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use pin_project_lite::pin_project;
use tokio_stream::Stream;
use tonic::{Code, Status, Streaming};

use super::{item::StreamItem, trailers::Trailers};

/// A source of messages. Its type is erased but can be downcast, so that an untouched stream leaves
/// a chain as it entered it.
pub(crate) trait Source<M>: Any + Send {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>>;

    /// Returns the trailing metadata. Called once, after the last message.
    fn trailers(self: Pin<&mut Self>) -> Option<Trailers> {
        None
    }

    /// Returns whether this is the caller's own stream, unwrapped.
    fn is_callers_own(&self) -> bool {
        false
    }

    /// Returns the error that would follow, if any. Called once, after an error.
    fn error_again(self: Pin<&mut Self>) -> Option<Again> {
        None
    }
}

/// The error that follows an error.
pub(crate) enum Again {
    /// The same error, as changed further out.
    Same,
    Other(Status),
}

pin_project! {
    /// Any stream: a handler's or an interceptor's.
    pub(crate) struct FromStream<S> {
        #[pin]
        pub(crate) stream: S,
        trailers: Option<Trailers>,
    }
}

impl<S> FromStream<S> {
    pub(crate) fn new(stream: S) -> Self {
        FromStream { stream, trailers: None }
    }
}

impl<S, M> Source<M> for FromStream<S>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
{
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let this = self.project();
        let mut polled = StreamItem::into_polled(this.stream.poll_next(context));
        if let Poll::Ready(Some(Err(status))) = &mut polled
            && is_end(status, this.trailers)
        {
            polled = Poll::Ready(None);
        }
        polled
    }

    fn trailers(self: Pin<&mut Self>) -> Option<Trailers> {
        self.project().trailers.take()
    }
}

/// Returns whether the status is OK, which ends the stream, and stores its trailing metadata.
#[cold]
fn is_end(status: &mut Status, trailers: &mut Option<Trailers>) -> bool {
    let is_end = status.code() == Code::Ok;
    if is_end {
        let ok = std::mem::replace(status, Status::unknown(String::new()));
        *trailers = Some(Trailers::of_status(ok));
    }
    is_end
}

pin_project! {
    /// A client's own request stream, which contains no errors.
    pub(crate) struct FromMessages<S> {
        #[pin]
        pub(crate) messages: S,
    }
}

impl<S: Stream + Send + 'static> Source<S::Item> for FromMessages<S> {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<S::Item, Status>>> {
        self.project().messages.poll_next(context).map(|message| message.map(Ok))
    }

    fn is_callers_own(&self) -> bool {
        true
    }
}

/// A response stream off the wire, which can have trailing metadata.
pub(super) struct FromWire<M> {
    pub(super) stream: Streaming<M>,
    /// The error that the stream failed with.
    error: Option<Status>,
}

impl<M> FromWire<M> {
    pub(super) fn new(stream: Streaming<M>) -> Self {
        FromWire { stream, error: None }
    }
}

impl<M: Send + 'static> Source<M> for FromWire<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let polled = Pin::new(&mut self.stream).poll_next(context);
        if let Poll::Ready(Some(Err(status))) = &polled {
            self.error = Some(status.clone());
        }
        polled
    }

    fn trailers(self: Pin<&mut Self>) -> Option<Trailers> {
        // After the last message, the trailers are available without waiting.
        let trailers = pin!(self.get_mut().stream.trailers());
        match trailers.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(trailers)) => trailers.map(Trailers::new),
            _ => None,
        }
    }

    /// Tonic repeats a transport error once, but not an error that the server sent. After a message
    /// that it can't decode, it keeps reading.
    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        let error = self.error.take()?;
        // The body has ended and must not be polled again, but the outcome is known.
        if error.message() == UNEXPECTED_END {
            return Some(Again::Same);
        }
        match Pin::new(&mut self.stream).poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Err(again))) if again.message() == error.message() => {
                Some(Again::Same)
            }
            Poll::Ready(Some(Err(again))) => Some(Again::Other(again)),
            _ => None,
        }
    }
}

/// A stream off the wire that has no trailing metadata in gRPC: a request stream, or the stream of
/// a response whose status was in its headers. To look for trailers, tonic would poll the body
/// again after its end, which can make a body panic.
pub(crate) struct WithoutTrailers<M>(pub(crate) Streaming<M>);

impl<M: Send + 'static> Source<M> for WithoutTrailers<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// Tonic's error message for a truncated message.
const UNEXPECTED_END: &str = "Unexpected EOF decoding stream.";

/// An empty source.
pub(crate) struct Nothing;

impl<M: 'static> Source<M> for Nothing {
    fn poll_item(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        Poll::Ready(None)
    }
}
