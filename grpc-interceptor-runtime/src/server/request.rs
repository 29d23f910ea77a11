use tonic::{Request, Streaming};

use crate::{MessageStream, Payload, payload::into_request_streaming};

/// Whether a handler's argument holds a stream.
pub struct ArgumentKind<const STREAM: bool>;

/// A handler's argument, a `Request` however the user names it, and what travels through its chain
/// for that.
///
/// An impl for each [kind](ArgumentKind), and not one that asks what is in the `Request`: the compiler
/// finds out what travels for it at every place of a chain, and one step of that is quicker than three.
#[diagnostic::on_unimplemented(
    message = "a handler takes a `tonic::Request<…>`, not a `{Self}`",
    label = "not a `tonic::Request<…>`"
)]
pub trait Argument<K> {
    const STREAM: bool;

    type Message: Send + 'static;
    /// What travels for it.
    type Payload: Payload<Self::Message>;

    /// From the chain to the handler.
    fn from_request(request: Request<Self::Payload>) -> Self;
    /// From tonic into the chain.
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
