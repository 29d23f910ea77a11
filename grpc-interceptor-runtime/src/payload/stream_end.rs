use tonic::{Code, Status, metadata::MetadataMap};

/// How a request or a response came to its end, as [`Payload::on_end`](crate::Payload::on_end)
/// tells it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum StreamEnd<'a> {
    /// All messages have passed.
    Complete {
        /// The trailing metadata of a response's stream, if there is any. A request has none. If the
        /// response is one message, it is in the response's metadata.
        trailers: Option<&'a MetadataMap>,
    },
    /// The stream failed; nothing follows. The status has the trailing metadata.
    Failed(&'a Status),
    /// The stream was dropped before its end: the client went away, the call was given up, or
    /// whoever read the stream had enough.
    Cancelled,
}

impl StreamEnd<'_> {
    /// The code that this end counts as: OK, the status's, or CANCELLED.
    ///
    /// Of a call with a deadline, CANCELLED may mean that its time was over. What a whole call comes
    /// to, [`CallEnd`](crate::CallEnd) tells.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            StreamEnd::Complete { .. } => Code::Ok,
            StreamEnd::Failed(status) => status.code(),
            StreamEnd::Cancelled => Code::Cancelled,
        }
    }
}
