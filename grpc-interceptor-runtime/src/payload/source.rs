//! What the messages of a [`MessageStream`](super::message_stream::MessageStream) come from.

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

/// Where messages come from. Its type is forgotten but can be asked for, so that a stream that
/// nobody touched gets out of a chain as it went in.
pub(crate) trait Source<M>: Any + Send {
    fn poll_item(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>>;

    /// The trailing metadata. Called once, after the last message.
    fn trailers(self: Pin<&mut Self>) -> Option<Trailers> {
        None
    }

    /// Whether it is the caller's own, with nothing around it.
    fn is_callers_own(&self) -> bool {
        false
    }

    /// The error that would follow, if there is one. Called once, after an error.
    fn error_again(self: Pin<&mut Self>) -> Option<Again> {
        None
    }
}

/// What follows an error.
pub(crate) enum Again {
    /// The same, with what has become of it further out.
    Same,
    Other(Status),
}

pin_project! {
    /// Any stream: a handler's, or an interceptor's own.
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

/// A status that is OK is the stream's end, and has its trailing metadata.
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
    /// A client's own request stream, in which there are no errors.
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

/// A response's stream that came over the wire, and may have trailing metadata.
pub(super) struct FromWire<M> {
    pub(super) stream: Streaming<M>,
    /// What it failed with.
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
        // After the last message there is nothing to wait for.
        let trailers = pin!(self.get_mut().stream.trailers());
        match trailers.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(trailers)) => trailers.map(Trailers::new),
            _ => None,
        }
    }

    /// Tonic repeats an error of the transport, once, and none that the server sent. After a message that
    /// it can't read, it reads on.
    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        let error = self.error.take()?;
        // The body has ended, and isn't to be polled again: it is known what would come.
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

/// A stream that came over the wire and has no trailing metadata, as gRPC has it: a request's, or that
/// of a response whose status was in its headers. To look for it, tonic would poll the body once more
/// after its end, which a body may panic at.
pub(crate) struct WithoutTrailers<M>(pub(crate) Streaming<M>);

impl<M: Send + 'static> Source<M> for WithoutTrailers<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// How tonic says that a message has no end.
const UNEXPECTED_END: &str = "Unexpected EOF decoding stream.";

/// No messages.
pub(crate) struct Nothing;

impl<M: 'static> Source<M> for Nothing {
    fn poll_item(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        Poll::Ready(None)
    }
}
