use grpc_interceptor_runtime::Context;

/// Which message of which call it is: what a [`ShowMessage`](super::ShowMessage) knows beside the message.
#[derive(Clone, Copy, Debug)]
pub struct MessageInfo {
    pub(super) context: Context,
    pub(super) direction: Direction,
    pub(super) number: u64,
}

impl MessageInfo {
    /// The context of the call.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Whether it is a request or a response.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// 1 for the first message of its direction, 2 for the second.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Response,
}
