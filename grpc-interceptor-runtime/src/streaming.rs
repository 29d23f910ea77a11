//! A [`tonic::Streaming`] around any stream of messages.
//!
//! A handler asks for a `tonic::Streaming`, which tonic makes of a body and a decoder. Where an
//! interceptor has put something around the request stream, the handler gets one whose body tells
//! that a message is there, by a frame that holds none, and whose decoder hands the message over.
//! Nothing is encoded.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio_stream::Stream;
use tonic::{
    Status, Streaming,
    codec::{DecodeBuf, Decoder},
};

use crate::{MessageStream, source::FromWire};

/// What gRPC puts before a message: no compression, and a length of zero bytes.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// The stream as it came over the wire where nothing was put around it, else one around it.
pub(crate) fn into_streaming<M: Send + 'static>(messages: MessageStream<M>) -> Streaming<M> {
    match messages.into_source() {
        Ok(FromWire { stream }) => stream,
        Err(messages) => {
            let item = Slot::default();
            let body = ReadyBody { messages, item: item.clone(), at_end: false };
            Streaming::new_request(ReadyDecoder { item }, body, None, None)
        }
    }
}

/// Where the body leaves an item for the decoder, which tonic calls right after it.
struct Slot<M>(Arc<Mutex<Option<Result<M, Status>>>>);

impl<M> Slot<M> {
    fn replace(&self, item: Option<Result<M, Status>>) -> Option<Result<M, Status>> {
        // Nothing can panic while it is locked, but a stream should not fail over that.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, item)
    }
}

impl<M> Default for Slot<M> {
    fn default() -> Self {
        Slot(Arc::default())
    }
}

impl<M> Clone for Slot<M> {
    fn clone(&self) -> Self {
        Slot(Arc::clone(&self.0))
    }
}

struct ReadyBody<M> {
    messages: MessageStream<M>,
    item: Slot<M>,
    at_end: bool,
}

impl<M: Send + 'static> Body for ReadyBody<M> {
    type Data = Bytes;
    // An error goes through the slot as well: from a body, tonic takes CANCELLED for the end.
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.at_end {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut self.messages).poll_next(context)) {
            Some(item) => {
                self.item.replace(Some(item));
                Some(Frame::data(Bytes::from_static(EMPTY_MESSAGE)))
            }
            None => {
                self.at_end = true;
                let trailers = self.messages.trailers().cloned();
                trailers.map(|trailers| Frame::trailers(trailers.into_headers()))
            }
        };
        Poll::Ready(frame.map(Ok))
    }
}

struct ReadyDecoder<M> {
    item: Slot<M>,
}

impl<M> Decoder for ReadyDecoder<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        self.item.replace(None).transpose()
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt as _;
    use tonic::{Code, Status};

    use super::into_streaming;
    use crate::{MessageStream, source::FromWire};

    fn stream(items: Vec<Result<u32, Status>>) -> MessageStream<u32> {
        MessageStream::new(tokio_stream::iter(items))
    }

    #[tokio::test]
    async fn messages_come_through_in_order() {
        let streaming = into_streaming(stream((0..1000).map(Ok).collect()));
        let messages: Result<Vec<u32>, Status> = streaming.collect().await;
        assert_eq!(messages.unwrap(), (0..1000).collect::<Vec<u32>>());
    }

    #[tokio::test]
    async fn every_code_comes_through_as_an_error_and_ends_the_stream() {
        for code in 1..=16 {
            let mut status = Status::new(Code::from(code), "why");
            status.metadata_mut().insert("key", "value".parse().unwrap());
            let mut streaming = into_streaming(stream(vec![Ok(1), Err(status), Ok(2)]));
            assert_eq!(streaming.message().await.unwrap(), Some(1));
            let status = streaming.message().await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::from(code), "why"));
            assert_eq!(status.metadata().get("key").unwrap(), "value");
            for _ in 0..3 {
                assert_eq!(streaming.message().await.unwrap(), None);
            }
        }
    }

    #[tokio::test]
    async fn a_stream_that_nobody_touched_comes_out_as_it_went_in() {
        let original = into_streaming(stream(vec![Ok(7)]));
        let untouched = MessageStream::from(original);
        assert!(untouched.into_source::<FromWire<u32>>().is_ok());

        let original = into_streaming(stream(vec![Ok(7)]));
        let touched = MessageStream::from(original).inspect_messages(|_: &u32| {});
        assert!(touched.into_source::<FromWire<u32>>().is_err());

        let mut read = MessageStream::from(into_streaming(stream(vec![Ok(7), Ok(8)])));
        assert_eq!(read.message().await.unwrap(), Some(7));
        assert!(read.into_source::<FromWire<u32>>().is_err());
    }
}
