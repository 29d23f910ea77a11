use std::time::Duration;

use tonic::{Code, Status, metadata::MetadataMap};

/// How a whole call ended, as an [`Observer`](crate::Observer) is told it: once for each call,
/// whatever happens to it.
///
/// | what happened | [`code`](CallEnd::code) | [`cause`](CallEnd::cause) |
/// | --- | --- | --- |
/// | it was answered; a response stream was read to its end | `OK` | `Complete` |
/// | it failed, even in the middle of the response stream | the status's | `Failed` |
/// | it was dropped before its response, or before the end of its response stream | `CANCELLED` | `Cancelled` |
/// | its deadline passed, and it was dropped for that or failed with `DEADLINE_EXCEEDED` | `DEADLINE_EXCEEDED` | `TimedOut` |
/// | something inside panicked, and nothing inside made a status of that | `UNKNOWN` | `Panicked` |
/// | something inside panicked, and a `CatchPanic` inside caught it | `INTERNAL` | `Panicked` |
///
/// # What counts as out of time
///
/// What counts is the deadline in the observer's [context](crate::Context::deadline), or an earlier one that
/// an interceptor inside of it sets. Tonic's `Server::timeout` isn't a deadline: a call that it drops is
/// `Cancelled`.
///
/// A caller's clock starts before the server's, so when the time is over, its reset arrives a little
/// before the server's own deadline. On a server a call is out of time, therefore, if it is dropped in
/// the last twentieth of its time: that is at least 10 ms, at most a second, and at most half of the
/// time.
///
/// # What one side can't know
///
/// A client that drops a response stream after the last message, but before it has polled the end,
/// has cancelled the call: it has not seen the status, which might have been an error.
///
/// A server's call is complete when tonic has read the response stream to its end. The client may leave
/// before it has read all of that.
///
/// A server can't tell a client that cancels in the middle of its request stream from one that has
/// ended it: tonic gives the handler the end of the stream for both. If the handler then answers, the
/// call is complete. In a bidirectional RPC the response stream is dropped, so there the end is
/// `Cancelled`.
#[derive(Clone, Copy, Debug)]
pub struct CallEnd<'a> {
    pub(crate) code: Code,
    pub(crate) cause: EndCause,
    pub(crate) status: Option<&'a Status>,
    pub(crate) trailers: Option<&'a MetadataMap>,
    pub(crate) elapsed: Duration,
    pub(crate) request_messages: u64,
    pub(crate) response_messages: u64,
}

impl<'a> CallEnd<'a> {
    /// The code that the call ended with.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Why the call ended, which the code alone doesn't tell: a `CANCELLED` may be a handler's own
    /// answer, and a `DEADLINE_EXCEEDED` may come from a server further down.
    #[must_use]
    pub const fn cause(&self) -> EndCause {
        self.cause
    }

    /// The status of a call that failed. `None` if it was complete or was dropped: then there was no
    /// status.
    #[must_use]
    pub const fn status(&self) -> Option<&'a Status> {
        self.status
    }

    /// The trailing metadata of a response stream, or of a failed call, if there is any. If the response
    /// is one message, it is in the response's metadata.
    #[must_use]
    pub const fn trailers(&self) -> Option<&'a MetadataMap> {
        self.trailers
    }

    /// How long the call took, from when it reached the observer until this end.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many request messages passed the observer: of a stream, those that were read.
    #[must_use]
    pub const fn request_messages(&self) -> u64 {
        self.request_messages
    }

    /// How many response messages passed the observer.
    #[must_use]
    pub const fn response_messages(&self) -> u64 {
        self.response_messages
    }
}

/// Why a call ended: see [`CallEnd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// It was answered, to the end.
    Complete,
    /// It ended with a status other than OK.
    Failed,
    /// It was dropped before its end: the client went away, an interceptor gave it up, or the
    /// reader of the response stream had enough.
    Cancelled,
    /// Its deadline passed before its end.
    TimedOut,
    /// Something of it panicked.
    Panicked,
}
