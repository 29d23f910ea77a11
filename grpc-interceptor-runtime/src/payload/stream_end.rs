use tonic::{Code, Status, metadata::MetadataMap};

/// How a request or a response ended. Passed to the closure of
/// [`Payload::on_end`](crate::Payload::on_end).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum StreamEnd<'a> {
    /// All messages have passed.
    Complete {
        /// The trailing metadata of a response stream, if there is any. A request has none. For a
        /// single response message, it is part of the response's metadata.
        trailers: Option<&'a MetadataMap>,
    },
    /// The stream failed, and nothing follows. The status contains the trailing metadata.
    Failed(&'a Status),
    /// The stream was dropped before its end: the client disconnected, an interceptor gave up on
    /// the call, or the reader dropped the stream.
    Cancelled,
}

impl StreamEnd<'_> {
    /// Returns the code for this end: OK, the status's code, or CANCELLED.
    ///
    /// If the call has a deadline, CANCELLED may mean that the call timed out. For how the whole
    /// call ended, see [`CallEnd`](crate::CallEnd).
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            StreamEnd::Complete { .. } => Code::Ok,
            StreamEnd::Failed(status) => status.code(),
            StreamEnd::Cancelled => Code::Cancelled,
        }
    }
}
