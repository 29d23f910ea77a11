use tonic::{Request, Streaming};

use crate::{MessageStream, Payload, streaming::into_streaming};

/// A handler's argument, a `Request` however the user names it, that holds a stream or doesn't.
///
/// An impl for each, and not one that asks what is in the `Request`: the compiler finds out what
/// travels for it at every place of a chain, and one step of that is quicker than three.
#[diagnostic::on_unimplemented(
    message = "a handler takes a `tonic::Request<…>`, not a `{Self}`",
    label = "not a `tonic::Request<…>`"
)]
pub trait Argument<const STREAM: bool> {
    type Message: Send + 'static;
    /// What travels for it.
    type Payload: Payload<Self::Message>;

    fn from_request(request: Request<Self::Payload>) -> Self;
    fn into_request(self) -> Request<Self::Payload>;
}

#[diagnostic::do_not_recommend]
impl<M: Send + 'static> Argument<false> for Request<M> {
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
impl<M: Send + 'static> Argument<true> for Request<Streaming<M>> {
    type Message = M;
    type Payload = MessageStream<M>;

    fn from_request(request: Request<MessageStream<M>>) -> Self {
        request.map(into_streaming)
    }

    fn into_request(self) -> Request<MessageStream<M>> {
        self.map(MessageStream::from)
    }
}
