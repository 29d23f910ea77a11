use tonic::{Request, Streaming};

use crate::{MessageStream, Payload, streaming::into_streaming};

/// A handler's argument: a `Request`, however the user names it.
#[diagnostic::on_unimplemented(
    message = "a handler takes a `tonic::Request<…>`, not a `{Self}`",
    label = "not a `tonic::Request<…>`"
)]
pub trait Argument {
    type Holds;

    fn from_request(request: Request<Self::Holds>) -> Self;
    fn into_request(self) -> Request<Self::Holds>;
}

impl<T> Argument for Request<T> {
    type Holds = T;

    #[inline]
    fn from_request(request: Request<T>) -> Self {
        request
    }

    #[inline]
    fn into_request(self) -> Request<T> {
        self
    }
}

/// What a handler's `Request` holds, and what travels for it.
pub trait Received<const STREAM: bool> {
    type Message: Send + 'static;
    type Payload: Payload<Self::Message>;

    fn into_payload(self) -> Self::Payload;
    fn from_payload(payload: Self::Payload) -> Self;
}

impl<M: Send + 'static> Received<false> for M {
    type Message = M;
    type Payload = M;

    #[inline]
    fn into_payload(self) -> M {
        self
    }

    #[inline]
    fn from_payload(payload: M) -> Self {
        payload
    }
}

impl<M: Send + 'static> Received<true> for Streaming<M> {
    type Message = M;
    type Payload = MessageStream<M>;

    fn into_payload(self) -> MessageStream<M> {
        self.into()
    }

    fn from_payload(payload: MessageStream<M>) -> Self {
        into_streaming(payload)
    }
}
