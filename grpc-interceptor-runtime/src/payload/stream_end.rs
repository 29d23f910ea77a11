use tonic::{Status, metadata::MetadataMap};

/// How a request or a response came to its end, as [`Payload::on_end`](crate::Payload::on_end)
/// tells it.
#[derive(Clone, Copy, Debug)]
pub enum StreamEnd<'a> {
    /// All messages have passed.
    Complete {
        /// The trailing metadata, which a client gets from the server. There is none on a server,
        /// and none with one message, whose response has it among its metadata.
        trailers: Option<&'a MetadataMap>,
    },
    /// The stream failed; nothing follows. The status has the trailing metadata.
    Failed(&'a Status),
    /// The stream was dropped before its end: the client went away, the call was given up, or
    /// whoever read the stream had enough.
    Cancelled,
}
