//! A wrong return type of a handler is one error, and not one for each place that needs the type.
//!
//! The macro asks this of any type that isn't obviously right. A wrong type gets a kind that satisfies the
//! rest of the code, and [`assert_returned`] reports the error.

use std::marker::PhantomData;

use tokio_stream::Stream;
use tonic::{Response, Status, codegen::BoxStream};

use super::{BOXED_STREAM, MESSAGE, ResponseStream, Returned, ReturnedKind, response::SentOf};
use crate::{MessageStream, error::BoxError, payload::StreamItem};

/// As [`MESSAGE`], with an error type that isn't an error.
const WRONG_MESSAGE: u8 = 4;
/// As [`OWN_STREAM`](super::OWN_STREAM) or [`KEPT_STREAM`](super::KEPT_STREAM), with an error type that
/// isn't an error.
const WRONG_OWN_STREAM: u8 = 5;
/// As [`BOXED_STREAM`], with an error type that isn't an error.
const WRONG_BOXED_STREAM: u8 = 6;
/// Anything other than a `Result` of a `Response`.
const NO_RESPONSE: u8 = 7;

/// The kind, or one of those above.
#[must_use]
pub const fn checked_kind(is_right: bool, has_response: bool, kind: u8) -> u8 {
    match kind {
        _ if is_right => kind,
        _ if !has_response => NO_RESPONSE,
        MESSAGE => WRONG_MESSAGE,
        BOXED_STREAM => WRONG_BOXED_STREAM,
        _ => WRONG_OWN_STREAM,
    }
}

/// Says whether a handler can return a type: `DetectReturned::<Type>::IS_RIGHT`. [`DetectResponse`] says whether
/// it is at least a `Result` of a `Response`: `DetectResponse::<Type>::HAS_ONE`.
pub struct DetectReturned<T>(PhantomData<T>);
pub struct DetectResponse<T>(PhantomData<T>);

impl<M, E: Into<BoxError> + 'static> DetectReturned<Result<Response<M>, E>> {
    pub const IS_RIGHT: bool = true;
}

impl<M, E> DetectResponse<Result<Response<M>, E>> {
    pub const HAS_ONE: bool = true;
}

pub trait NotReturned {
    const IS_RIGHT: bool = false;
}

pub trait NoResponse {
    const HAS_ONE: bool = false;
}

impl<T> NotReturned for DetectReturned<T> {}
impl<T> NoResponse for DetectResponse<T> {}

/// What a handler may return.
#[diagnostic::on_unimplemented(
    message = "a handler returns a `Result<tonic::Response<…>, …>`, not a `{Self}`",
    label = "not what a handler returns",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait HandlerReturns {}

#[diagnostic::do_not_recommend]
impl<M, E: Into<BoxError> + 'static> HandlerReturns for Result<Response<M>, E> {}

/// The error about what isn't.
pub const fn assert_returned<R: HandlerReturns>() {}

macro_rules! wrong {
    ($kind:expr, <$($parameter:ident),+> $returned:ty $(where $stream:ident)?: $is_stream:literal, $payload:ty => $sent:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($parameter),+> Returned<ReturnedKind<{ $kind }>> for $returned
        where
            M: Send + 'static,
            $($stream: Stream<Item: StreamItem<Message = M>> + Send + 'static,)?
        {
            const STREAM: bool = $is_stream;

            type Message = M;
            type Payload = $payload;
            type Sent = $sent;

            fn into_outcome(self) -> Result<Response<$payload>, Status> {
                unreachable!("it is a compile error")
            }

            fn sent(_: Result<Response<$payload>, Status>) -> Result<Response<$sent>, Status> {
                unreachable!("it is a compile error")
            }
        }
    };
}

wrong!(WRONG_MESSAGE, <M, E> Result<Response<M>, E>: false, M => M);
wrong!(WRONG_OWN_STREAM, <S, M, E> Result<Response<S>, E> where S: true, MessageStream<M> => ResponseStream<S>);
wrong!(WRONG_BOXED_STREAM, <S, M, E> Result<Response<S>, E> where S: true, MessageStream<M> => BoxStream<M>);
wrong!(NO_RESPONSE, <M, E> Result<M, E>: false, M => M);

impl<S: Stream<Item: StreamItem>> SentOf<S> for ReturnedKind<WRONG_OWN_STREAM> {
    type Sent = ResponseStream<S>;
}
