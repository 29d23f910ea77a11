use tokio_stream::Stream;
use tonic::{Response, Status, codegen::BoxStream};

use super::ResponseStream;
use crate::{
    MessageStream, Payload,
    error::{BoxError, into_status, make_not_ok, not_ok},
    payload::{FromStream, StreamItem},
};

/// The handler returns a single message.
pub const MESSAGE: u8 = 0;
/// The handler returns a stream whose type the impl names: `type SayHelloStream = …;`.
pub const OWN_STREAM: u8 = 1;
/// The handler returns tonic's `BoxStream`, as a trait with default stubs requires.
pub const BOXED_STREAM: u8 = 2;
/// The handler returns a stream whose type the impl names, and its chain is empty. Tonic gets the
/// stream unchanged.
pub const KEPT_STREAM: u8 = 3;

/// The kind of a handler's response: a [`MESSAGE`], an [`OWN_STREAM`], a [`BOXED_STREAM`] or a
/// [`KEPT_STREAM`].
pub struct ReturnedKind<const KIND: u8>;

/// The stream that a handler of the service `T` returns, if the handler determines its type.
pub trait StreamOf<T> {
    type Stream;
}

/// The stream that tonic gets for a handler's stream. Equal to [`Returned::Sent`], with less for
/// the compiler to prove.
pub type SentStream<S, const KIND: u8> = <ReturnedKind<KIND> as SentOf<S>>::Sent;

/// The stream that tonic gets, by kind.
pub trait SentOf<S> {
    type Sent;
}

impl<S: Stream<Item: StreamItem>> SentOf<S> for ReturnedKind<OWN_STREAM> {
    type Sent = ResponseStream<S>;
}

impl<S> SentOf<S> for ReturnedKind<KEPT_STREAM> {
    type Sent = S;
}

/// A handler's return type, which is a `Result` of a `Response` under any name, with its payload in
/// the chain and the type that tonic gets. There is an impl for each [kind](ReturnedKind).
#[diagnostic::on_unimplemented(
    message = "a handler returns a `Result<tonic::Response<…>, …>`, not a `{Self}`",
    label = "not a `Result<tonic::Response<…>, …>`",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait Returned<K> {
    const STREAM: bool;

    type Message: Send + 'static;
    /// The response's payload in the chain.
    type Payload: Payload<Self::Message>;
    /// The payload of the `Response` in tonic's trait. For a stream, it differs from the handler's.
    type Sent;

    /// Converts the handler's result for the chain.
    fn into_outcome(self) -> Result<Response<Self::Payload>, Status>;
    /// Converts the chain's outcome for tonic. An interceptor may have returned the code OK as an
    /// error: that is replaced here.
    fn sent(
        outcome: Result<Response<Self::Payload>, Status>,
    ) -> Result<Response<Self::Sent>, Status>;
}

// The code below is compiled for each RPC of a user. A closure and the function that takes it would
// be two more functions; a `match` adds none.

#[diagnostic::do_not_recommend]
impl<M, E> Returned<ReturnedKind<MESSAGE>> for Result<Response<M>, E>
where
    M: Send + 'static,
    E: Into<BoxError> + 'static,
{
    const STREAM: bool = false;

    type Message = M;
    type Payload = M;
    type Sent = M;

    #[inline]
    fn into_outcome(self) -> Result<Response<M>, Status> {
        match self {
            Ok(response) => Ok(response),
            Err(error) => Err(into_status(error)),
        }
    }

    #[inline]
    fn sent(mut outcome: Result<Response<M>, Status>) -> Result<Response<M>, Status> {
        if let Err(status) = &mut outcome {
            make_not_ok(status);
        }
        outcome
    }
}

#[diagnostic::do_not_recommend]
impl<S, M, E> Returned<ReturnedKind<OWN_STREAM>> for Result<Response<S>, E>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
    E: Into<BoxError> + 'static,
{
    const STREAM: bool = true;

    type Message = M;
    type Payload = MessageStream<M>;
    type Sent = ResponseStream<S>;

    fn into_outcome(self) -> Result<Response<MessageStream<M>>, Status> {
        into_stream(self)
    }

    fn sent(
        outcome: Result<Response<MessageStream<M>>, Status>,
    ) -> Result<Response<ResponseStream<S>>, Status> {
        match outcome {
            Ok(response) => Ok(response.map(to_send)),
            Err(status) => Err(not_ok(status)),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S, M, E> Returned<ReturnedKind<BOXED_STREAM>> for Result<Response<S>, E>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
    E: Into<BoxError> + 'static,
{
    const STREAM: bool = true;

    type Message = M;
    type Payload = MessageStream<M>;
    type Sent = BoxStream<M>;

    fn into_outcome(self) -> Result<Response<MessageStream<M>>, Status> {
        into_stream(self)
    }

    fn sent(
        outcome: Result<Response<MessageStream<M>>, Status>,
    ) -> Result<Response<BoxStream<M>>, Status> {
        // Don't return the handler's own box, even if it is untouched: its errors may not be
        // statuses, or may have the code OK.
        match outcome {
            Ok(response) => Ok(response.map(|payload| Box::pin(to_send::<S, M>(payload)) as _)),
            Err(status) => Err(not_ok(status)),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S, M, E> Returned<ReturnedKind<KEPT_STREAM>> for Result<Response<S>, E>
where
    S: Stream<Item = Result<M, Status>> + Send + 'static,
    M: Send + 'static,
    E: Into<BoxError> + 'static,
{
    const STREAM: bool = true;

    type Message = M;
    type Payload = MessageStream<M>;
    type Sent = S;

    fn into_outcome(self) -> Result<Response<MessageStream<M>>, Status> {
        into_stream(self)
    }

    fn sent(outcome: Result<Response<MessageStream<M>>, Status>) -> Result<Response<S>, Status> {
        match outcome {
            Ok(response) => Ok(response.map(|payload| match payload.into_source() {
                Ok(FromStream { stream, .. }) => stream,
                Err(_) => unreachable!("there was no interceptor to wrap it"),
            })),
            Err(status) => Err(not_ok(status)),
        }
    }
}

fn into_stream<S, M, E>(
    returned: Result<Response<S>, E>,
) -> Result<Response<MessageStream<M>>, Status>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
    E: Into<BoxError> + 'static,
{
    match returned {
        Ok(response) => {
            Ok(response.map(|stream| MessageStream::from_source(FromStream::new(stream))))
        }
        Err(error) => Err(into_status(error)),
    }
}

fn to_send<S, M>(payload: MessageStream<M>) -> ResponseStream<S>
where
    S: Stream<Item: StreamItem<Message = M>> + Send + 'static,
    M: Send + 'static,
{
    match payload.into_source() {
        Ok(FromStream { stream, .. }) => ResponseStream::Untouched { stream },
        Err(stream) => ResponseStream::Intercepted { stream },
    }
}
