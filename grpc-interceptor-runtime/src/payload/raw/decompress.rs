use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes};
use http_body_util::Full;
use tokio_stream::Stream as _;
use tonic::{
    Status, Streaming,
    codec::{CompressionEncoding, DecodeBuf, Decoder},
};

use super::framing::Encoding;

/// Has tonic decode a compressed message, exactly as it would from a body.
pub(super) fn decompress(wire: Bytes, encoding: Encoding, limit: usize) -> Result<Bytes, Status> {
    let encoding = tonics(encoding)?;
    let mut messages =
        Streaming::new_request(AsBytes, Full::new(wire), Some(encoding), Some(limit));
    // All of it is available, so it never has to wait.
    match Pin::new(&mut messages).poll_next(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(decompressed)) => decompressed,
        Poll::Ready(None) | Poll::Pending => Err(Status::internal("the message is incomplete")),
    }
}

fn tonics(encoding: Encoding) -> Result<CompressionEncoding, Status> {
    match encoding {
        #[cfg(feature = "gzip")]
        Encoding::Gzip => Ok(CompressionEncoding::Gzip),
        #[cfg(feature = "deflate")]
        Encoding::Deflate => Ok(CompressionEncoding::Deflate),
        #[cfg(feature = "zstd")]
        Encoding::Zstd => Ok(CompressionEncoding::Zstd),
        Encoding::None => {
            Err(Status::internal("the message is compressed, but there is no `grpc-encoding`"))
        }
        Encoding::Unknown => {
            Err(Status::unimplemented("the message's compression isn't supported"))
        }
        #[cfg(not(all(feature = "gzip", feature = "deflate", feature = "zstd")))]
        other => Err(Status::unimplemented(format!(
            "inspecting this message requires the feature of grpc-interceptor for {other:?}"
        ))),
    }
}

struct AsBytes;

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
