use tokio_stream::Stream;
use tonic::{Response, Status, codegen::BoxStream};

use super::ResponseStream;
use crate::{
    MessageStream, Payload,
    into_status::{BoxError, into_status},
    source::FromStream,
};

/// The handler returns one message.
pub const MESSAGE: u8 = 0;
/// The handler returns a stream that the impl names: `type SayHelloStream = …;`.
pub const OWN_STREAM: u8 = 1;
/// The handler returns tonic's `BoxStream`, as the trait has it where it has default stubs.
pub const BOXED_STREAM: u8 = 2;

/// What a handler returns: a `Result` of a `Response`, however the user names it.
#[diagnostic::on_unimplemented(
    message = "a handler returns a `Result<tonic::Response<…>, …>`, not a `{Self}`",
    label = "not a `Result<tonic::Response<…>, …>`",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait Returned {
    type Holds;

    fn into_result(self) -> Result<Response<Self::Holds>, Status>;
}

impl<T, E: Into<BoxError> + 'static> Returned for Result<Response<T>, E> {
    type Holds = T;

    #[inline]
    fn into_result(self) -> Result<Response<T>, Status> {
        self.map_err(into_status)
    }
}

/// What a handler's stream yields: a `Result` of a message.
#[diagnostic::on_unimplemented(
    message = "a handler's stream yields `Result<…, …>`, not `{Self}`",
    label = "doesn't yield a `Result`",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait StreamItem {
    type Message: Send + 'static;

    fn into_result(self) -> Result<Self::Message, Status>;
}

impl<M: Send + 'static, E: Into<BoxError> + 'static> StreamItem for Result<M, E> {
    type Message = M;

    #[inline]
    fn into_result(self) -> Result<M, Status> {
        self.map_err(into_status)
    }
}

/// What a handler's `Response` holds, what travels for it, and what tonic gets of that.
pub trait Sent<const KIND: u8> {
    type Message: Send + 'static;
    type Payload: Payload<Self::Message>;
    type Sent;

    fn into_payload(self) -> Self::Payload;
    fn into_sent(payload: Self::Payload) -> Self::Sent;
}

impl<M: Send + 'static> Sent<MESSAGE> for M {
    type Message = M;
    type Payload = M;
    type Sent = M;

    #[inline]
    fn into_payload(self) -> M {
        self
    }

    #[inline]
    fn into_sent(payload: M) -> M {
        payload
    }
}

impl<S, M> Sent<OWN_STREAM> for S
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
{
    type Message = M;
    type Payload = MessageStream<M>;
    type Sent = ResponseStream<S>;

    fn into_payload(self) -> MessageStream<M> {
        MessageStream::from_source(FromStream { stream: self })
    }

    fn into_sent(payload: MessageStream<M>) -> ResponseStream<S> {
        match payload.into_source() {
            Ok(FromStream { stream }) => ResponseStream::Untouched { stream },
            Err(stream) => ResponseStream::Intercepted { stream },
        }
    }
}

impl<S, M> Sent<BOXED_STREAM> for S
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
{
    type Message = M;
    type Payload = MessageStream<M>;
    type Sent = BoxStream<M>;

    fn into_payload(self) -> MessageStream<M> {
        MessageStream::from_source(FromStream { stream: self })
    }

    fn into_sent(payload: MessageStream<M>) -> BoxStream<M> {
        // Not the handler's own box where nobody touched it: its errors may be others than a
        // status, or have the code OK.
        Box::pin(<S as Sent<OWN_STREAM>>::into_sent(payload))
    }
}
