//! Builds a [`tonic::Streaming`] from any stream of messages.
//!
//! A handler takes a `tonic::Streaming`, which tonic builds from a body and a decoder. Tonic reads
//! a header from the body, waits until the number of bytes given in the header is available, and
//! asks the decoder for the message. When the decoder has none, tonic goes back to the body.
//!
//! If an interceptor has wrapped the request stream, the handler gets a `Streaming` whose decoder
//! polls the wrapped stream and whose body contains only headers. Nothing is encoded, and nothing
//! is read ahead. The body signals what the decoder can't: that tonic has to wait, and the end of
//! the stream.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame};
use tokio_stream::Stream as _;
use tonic::{
    Status, Streaming,
    codec::{BufferSettings, DecodeBuf, Decoder},
    metadata::MetadataMap,
};

use super::{
    message_stream::MessageStream,
    source::{FromWire, WithoutTrailers},
    trailers::Trailers,
};

/// The size of a header in bytes: a compression flag and the message length.
const HEADER: usize = 5;

/// The size in bytes of all the headers that the body yields at once. Tonic then polls the body
/// once per this many messages.
const BLOCK: usize = 64 * HEADER;

/// Each header claims all the bytes after it as its message. The decoder consumes none of them, so
/// they serve as the next headers. At the end it consumes them all, because tonic expects none to
/// be left.
static HEADERS: [u8; BLOCK] = {
    let mut headers = [0; BLOCK];
    let mut end = HEADER;
    while end <= BLOCK {
        let [_, _, high, low] = ((BLOCK - end) as u32).to_be_bytes();
        headers[end - 2] = high;
        headers[end - 1] = low;
        end += HEADER;
    }
    headers
};

/// Returns a response stream as it came off the wire if nothing wraps it, or else a `Streaming`
/// that wraps it.
pub(crate) fn into_streaming<M: Send + 'static>(messages: MessageStream<M>) -> Streaming<M> {
    match messages.into_source() {
        Ok(FromWire { stream, .. }) => stream,
        Err(messages) => into_request_streaming(messages),
    }
}

/// Does the same for a stream that can't have trailing metadata, such as a request stream.
pub(crate) fn into_request_streaming<M: Send + 'static>(
    messages: MessageStream<M>,
) -> Streaming<M> {
    match messages.into_source() {
        Ok(WithoutTrailers(stream)) => stream,
        Err(messages) => {
            let (waiting, body) = take_turns();
            Streaming::new_request(ReadyDecoder { messages, waiting }, body, None, None)
        }
    }
}

// The code that doesn't depend on the message type is separate from the code that is compiled for
// each type.

fn take_turns() -> (Waiting, Headers) {
    let turn = Shared::default();
    let body = Headers { turn: turn.clone() };
    (Waiting { waker: Some(Waker::noop().clone()), turn }, body)
}

/// The state that the decoder and the body share.
#[derive(Default)]
enum Turn {
    /// Nothing to signal: if tonic polls the body now, it has used up the headers.
    #[default]
    Headers,
    /// No message was ready, and the stream will wake this waker. `is_current` means that the body
    /// got the waker in this very call, since `will_wake` need not recognize a clone.
    Waiting {
        waker: Waker,
        is_current: bool,
    },
    Ended(Option<MetadataMap>),
}

/// Both owners are in one `Streaming`, so the lock is never contended.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Turn>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Turn> {
        // A waker may panic while the lock is held, but that shouldn't fail the stream.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Headers {
    turn: Shared,
}

impl Body for Headers {
    type Data = Bytes;
    // Errors come from the decoder: tonic treats CANCELLED from a body as the end.
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match &mut *self.turn.lock() {
            Turn::Headers => Some(Frame::data(Bytes::from_static(&HEADERS))),
            Turn::Waiting { waker, is_current } => {
                if std::mem::take(is_current) || waker.will_wake(context.waker()) {
                    return Poll::Pending;
                }
                // On the first poll, or when the stream has moved to another task: the frame is
                // empty, but makes tonic ask the decoder again, which now polls for this task.
                waker.clone_from(context.waker());
                *is_current = true;
                Some(Frame::data(Bytes::new()))
            }
            Turn::Ended(trailers) => {
                trailers.take().map(|trailers| Frame::trailers(trailers.into_headers()))
            }
        };
        Poll::Ready(frame.map(Ok))
    }
}

/// The decoder's side of the shared state.
struct Waiting {
    /// The waker for the stream, which tonic passes only to the body. `None` while it is the body's
    /// turn.
    waker: Option<Waker>,
    turn: Shared,
}

impl Waiting {
    /// Called after the body's turn. Returns the waker for the stream, and whether the body just
    /// got it.
    fn resume(&self) -> (Waker, bool) {
        match std::mem::take(&mut *self.turn.lock()) {
            Turn::Waiting { waker, is_current } => (waker, is_current),
            Turn::Headers | Turn::Ended(_) => (Waker::noop().clone(), false),
        }
    }

    /// Called when no message is ready.
    fn wait(&mut self, is_current: bool) {
        match self.waker.take() {
            Some(waker) => *self.turn.lock() = Turn::Waiting { waker, is_current },
            None => unreachable!("the stream is polled only with a waker"),
        }
    }

    fn end(&self, trailers: Option<Trailers>, headers: &mut DecodeBuf<'_>) {
        headers.advance(headers.remaining());
        *self.turn.lock() = Turn::Ended(trailers.map(Trailers::into_metadata));
    }
}

struct ReadyDecoder<M> {
    messages: MessageStream<M>,
    waiting: Waiting,
}

impl<M: Send + 'static> ReadyDecoder<M> {
    /// Decodes after the body's turn.
    #[cold]
    fn decode_again(&mut self, headers: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        let (waker, is_current) = self.waiting.resume();
        let polled = Pin::new(&mut self.messages).poll_next(&mut Context::from_waker(&waker));
        self.waiting.waker = Some(waker);
        self.hand_over(polled, is_current, headers)
    }

    /// Returns the message, or yields to the body if no message is ready.
    #[cold]
    fn hand_over(
        &mut self,
        polled: Poll<Option<Result<M, Status>>>,
        is_current: bool,
        headers: &mut DecodeBuf<'_>,
    ) -> Result<Option<M>, Status> {
        match polled {
            Poll::Ready(Some(Ok(message))) => return Ok(Some(message)),
            Poll::Ready(Some(Err(status))) => return Err(status),
            Poll::Ready(None) => self.waiting.end(self.messages.take_trailers(), headers),
            Poll::Pending => self.waiting.wait(is_current),
        }
        Ok(None)
    }
}

impl<M: Send + 'static> Decoder for ReadyDecoder<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, headers: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        let Some(waker) = &self.waiting.waker else {
            return self.decode_again(headers);
        };
        match Pin::new(&mut self.messages).poll_next(&mut Context::from_waker(waker)) {
            Poll::Ready(Some(Ok(message))) => Ok(Some(message)),
            polled => self.hand_over(polled, false, headers),
        }
    }

    /// The buffer holds only headers. tonic reserves as many bytes as a header announces, even if
    /// they are already in the buffer.
    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(2 * BLOCK, 0)
    }
}

#[cfg(test)]
mod tests;
