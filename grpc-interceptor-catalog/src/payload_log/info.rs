use grpc_interceptor_runtime::Context;

/// Identifies a message within its call, for a [`ShowMessage`](super::ShowMessage).
#[cfg(feature = "tracing")]
#[derive(Clone, Copy, Debug)]
pub struct MessageInfo {
    pub(super) context: Context,
    pub(super) direction: Direction,
    pub(super) number: u64,
}

impl MessageInfo {
    /// Returns the context of the call.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Returns whether the message is a request or a response.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns the message's number within its direction: 1 for the first message, 2 for the
    /// second.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }
}

/// The direction of a message.
// There is no third, so people can match both without a wildcard.
#[cfg(feature = "tracing")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Response,
}
