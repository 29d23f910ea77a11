use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body, codegen::Body as HttpBody};

use super::boxed::boxed;

/// Drops the trailers of a request body. gRPC has none in requests, and tonic would merge them into
/// the metadata, replacing values that an interceptor set.
pub(crate) fn without_trailers(body: Body) -> Body {
    boxed(WithoutTrailers(body))
}

struct WithoutTrailers(Body);

impl HttpBody for WithoutTrailers {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.0).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {
                // The rest of the body is never polled.
                self.0 = Body::empty();
                Poll::Ready(None)
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
