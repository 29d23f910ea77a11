use tonic::Status;

/// How a request or a response came to its end, as [`Payload::on_end`](crate::Payload::on_end)
/// tells it.
#[derive(Clone, Copy, Debug)]
pub enum StreamEnd<'a> {
    /// All messages have passed.
    Complete,
    /// The stream failed; nothing follows.
    Failed(&'a Status),
    /// The stream was dropped before its end: the client went away, the call was given up, or
    /// whoever read the stream had enough.
    Cancelled,
}
