//! A [`tonic::Streaming`] around any stream of messages.
//!
//! A handler asks for a `tonic::Streaming`, which tonic makes of a body and a decoder: it takes a
//! header from what the body yields, waits until there are as many bytes behind it as it says, and
//! asks the decoder for the message. It goes back to the body where the decoder has none.
//!
//! Where an interceptor has put something around the request stream, the handler gets one whose
//! decoder polls that stream, and whose body has nothing but headers. Nothing is encoded, and
//! nothing read ahead. What the decoder can't tell tonic, the body does in its turn: that tonic has
//! to wait, and the end.

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

/// The bytes of a header: whether the message is compressed, and how long it is.
const HEADER: usize = 5;

/// The bytes of all the headers that the body yields at once, so that tonic polls it once for as
/// many messages.
const BLOCK: usize = 64 * HEADER;

/// Each header says that the message has all the bytes behind it. The decoder consumes none of them,
/// so that they are the next headers; at the end it consumes them all, as tonic wants none left.
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

/// A response's stream as it came over the wire if nothing was put around it, else one around it.
pub(crate) fn into_streaming<M: Send + 'static>(messages: MessageStream<M>) -> Streaming<M> {
    match messages.into_source() {
        Ok(FromWire { stream, .. }) => stream,
        Err(messages) => into_request_streaming(messages),
    }
}

/// The same of what can't have trailing metadata, such as a request's stream.
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

// What doesn't know the type of the messages is apart from what does, which is compiled for each.

fn take_turns() -> (Waiting, Headers) {
    let turn = Shared::default();
    let body = Headers { turn: turn.clone() };
    (Waiting { waker: Some(Waker::noop().clone()), turn }, body)
}

/// What decoder and body leave for each other.
#[derive(Default)]
enum Turn {
    /// Nothing: where tonic polls the body now, it has used up the headers.
    #[default]
    Headers,
    /// No message was ready, and the stream will wake this one. `is_current` says that the body has
    /// learnt it in this very call: a waker may not know its own clone.
    Waiting {
        waker: Waker,
        is_current: bool,
    },
    Ended(Option<MetadataMap>),
}

/// Both its owners are in one `Streaming`, so that nobody ever waits for the lock.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Turn>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Turn> {
        // A waker may panic while it is locked, but a stream should not fail over that.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Headers {
    turn: Shared,
}

impl Body for Headers {
    type Data = Bytes;
    // An error comes out of the decoder: from a body, tonic takes CANCELLED for the end.
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
                // At the first time, and where the stream went to another task: the frame holds
                // nothing, but tonic asks the decoder again, which now polls for this task.
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

/// The decoder's side of the turns.
struct Waiting {
    /// Whom the stream wakes: tonic tells only the body. `None` while it is the body's turn.
    waker: Option<Waker>,
    turn: Shared,
}

impl Waiting {
    /// After the body's turn: whom the stream is to wake, and whether the body has just learnt it.
    fn resume(&self) -> (Waker, bool) {
        match std::mem::take(&mut *self.turn.lock()) {
            Turn::Waiting { waker, is_current } => (waker, is_current),
            Turn::Headers | Turn::Ended(_) => (Waker::noop().clone(), false),
        }
    }

    /// No message is ready.
    fn wait(&mut self, is_current: bool) {
        match self.waker.take() {
            Some(waker) => *self.turn.lock() = Turn::Waiting { waker, is_current },
            None => unreachable!("it was polled for a waker"),
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
    /// After the body's turn.
    #[cold]
    fn decode_again(&mut self, headers: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        let (waker, is_current) = self.waiting.resume();
        let polled = Pin::new(&mut self.messages).poll_next(&mut Context::from_waker(&waker));
        self.waiting.waker = Some(waker);
        self.hand_over(polled, is_current, headers)
    }

    /// Where there is no message, it is the body's turn.
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

    /// The headers are all that is in the buffer. tonic makes room for as many bytes as a header says
    /// that there are, though they are there already.
    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(2 * BLOCK, 0)
    }
}

#[cfg(test)]
mod tests;
