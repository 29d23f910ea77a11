use tonic::{Request, Streaming};

use crate::{MessageStream, Payload, payload::into_request_streaming};

/// Whether a handler's argument holds a stream.
pub struct ArgumentKind<const STREAM: bool>;

/// A handler's argument, which is a `Request` under any name, and its payload in the chain.
///
/// There is a separate impl for each [kind](ArgumentKind), rather than one that inspects the
/// contents of the `Request`. The compiler resolves the payload at each position of a chain, and
/// one step is faster than three.
#[diagnostic::on_unimplemented(
    message = "a handler takes a `tonic::Request<…>`, not a `{Self}`",
    label = "not a `tonic::Request<…>`"
)]
pub trait Argument<K> {
    const STREAM: bool;

    type Message: Send + 'static;
    /// The argument's payload in the chain.
    type Payload: Payload<Self::Message>;

    /// Converts the chain's request for the handler.
    fn from_request(request: Request<Self::Payload>) -> Self;
    /// Converts tonic's request for the chain.
    fn into_request(self) -> Request<Self::Payload>;
}

#[diagnostic::do_not_recommend]
impl<M: Send + 'static> Argument<ArgumentKind<false>> for Request<M> {
    const STREAM: bool = false;

    type Message = M;
    type Payload = M;

    #[inline]
    fn from_request(request: Request<M>) -> Self {
        request
    }

    #[inline]
    fn into_request(self) -> Request<M> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<M: Send + 'static> Argument<ArgumentKind<true>> for Request<Streaming<M>> {
    const STREAM: bool = true;

    type Message = M;
    type Payload = MessageStream<M>;

    fn from_request(request: Request<MessageStream<M>>) -> Self {
        request.map(into_request_streaming)
    }

    fn into_request(self) -> Request<MessageStream<M>> {
        self.map(MessageStream::without_trailers)
    }
}
