use std::time::Duration;

use tonic::{Code, Status, metadata::MetadataMap};

/// How a whole call ended. An [`Observer`](crate::Observer) gets one for each call, exactly once.
///
/// | what happened | [`code`](CallEnd::code) | [`cause`](CallEnd::cause) |
/// | --- | --- | --- |
/// | it returned a response and, if that is a stream, the stream was read to its end | `OK` | `Complete` |
/// | it failed, possibly in the middle of the response stream | the status's | `Failed` |
/// | it was dropped before its response, or before the end of its response stream | `CANCELLED` | `Cancelled` |
/// | its deadline passed, and it was dropped for that or failed with `DEADLINE_EXCEEDED` | `DEADLINE_EXCEEDED` | `TimedOut` |
/// | something inside panicked, and nothing inside turned that into a status | `UNKNOWN` | `Panicked` |
/// | something inside panicked, and a `CatchPanic` inside caught it | `INTERNAL` | `Panicked` |
///
/// # When a call counts as timed out
///
/// The deadline is the one in the observer's [context](crate::Context::deadline), or an earlier one
/// set by an interceptor inside the observer. Tonic's `Server::timeout` isn't a deadline: a call
/// that it drops is `Cancelled`.
///
/// A caller's clock starts before the server's, so when the caller's time runs out, its reset
/// arrives slightly before the server's own deadline. On a server, a call therefore counts as timed
/// out if it is dropped in the last twentieth of its time. That window is at least 10 ms, at most
/// one second, and at most half of the total time.
///
/// # What each side can't know
///
/// A client that drops a response stream after the last message, but before polling its end, has
/// cancelled the call: it hasn't seen the status, which might have been an error.
///
/// On a server, a call is complete when tonic has read the response stream to its end. The client
/// may disconnect before it has read all of it.
///
/// A server can't distinguish a client that cancels in the middle of its request stream from one
/// that ends the stream: in both cases tonic gives the handler the end of the stream. If the
/// handler then returns a response, the call is complete. In a bidirectional RPC the response
/// stream is dropped, so the end is `Cancelled`.
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
    /// Returns the code that the call ended with.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns why the call ended.
    ///
    /// The code alone doesn't say: a handler can return `CANCELLED` itself, and a
    /// `DEADLINE_EXCEEDED` can come from a server further down.
    #[must_use]
    pub const fn cause(&self) -> EndCause {
        self.cause
    }

    /// Returns the status of a failed call.
    ///
    /// `None` if the call completed or was dropped, since there was no status then.
    #[must_use]
    pub const fn status(&self) -> Option<&'a Status> {
        self.status
    }

    /// Returns the trailing metadata of a response stream or a failed call, if there is any.
    ///
    /// For a single response message, it is part of the response's metadata.
    #[must_use]
    pub const fn trailers(&self) -> Option<&'a MetadataMap> {
        self.trailers
    }

    /// Returns how long the call took, from reaching the observer to this end.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns the number of request messages that passed the observer. For a stream, those that
    /// were read.
    #[must_use]
    pub const fn request_messages(&self) -> u64 {
        self.request_messages
    }

    /// Returns the number of response messages that passed the observer.
    #[must_use]
    pub const fn response_messages(&self) -> u64 {
        self.response_messages
    }
}

/// Why a call ended. See [`CallEnd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// It completed successfully.
    Complete,
    /// It ended with a status other than OK.
    Failed,
    /// It was dropped before its end: the client disconnected, an interceptor gave up on it, or the
    /// response stream was dropped before its end.
    Cancelled,
    /// Its deadline passed before its end.
    TimedOut,
    /// Part of it panicked.
    Panicked,
}
