use std::marker::PhantomData;

use tonic::{Request, Response, Status};

use super::{
    request::Argument,
    response::{MESSAGE, Returned},
};
use crate::Payload;

/// What a handler takes, and what travels through its chain for that.
pub trait Takes {
    const STREAM: bool;

    /// The handler's argument, as the user wrote it: `Request<…>`.
    type Argument;
    type Message: Send + 'static;
    type Payload: Payload<Self::Message>;

    /// From tonic into the chain.
    fn request(argument: Self::Argument) -> Request<Self::Payload>;
    /// From the chain to the handler.
    fn argument(request: Request<Self::Payload>) -> Self::Argument;
}

/// The [`Takes`] of a handler whose argument is an `A`, which holds a stream or doesn't.
pub struct Taking<A, const STREAM: bool>(PhantomData<fn(A)>);

impl<A, const STREAM: bool> Takes for Taking<A, STREAM>
where
    A: Argument<STREAM>,
{
    const STREAM: bool = STREAM;

    type Argument = A;
    type Message = A::Message;
    type Payload = A::Payload;

    #[inline]
    fn request(argument: A) -> Request<Self::Payload> {
        argument.into_request()
    }

    #[inline]
    fn argument(request: Request<Self::Payload>) -> A {
        A::from_request(request)
    }
}

/// What a handler returns, what travels through its chain for that, and what tonic gets of it.
pub trait Returns {
    const STREAM: bool;

    /// What the handler returns, as the user wrote it: `Result<Response<…>, …>`.
    type Returned;
    /// What tonic's trait has in its `Response`, which differs from what the handler has where it
    /// is a stream.
    type Sent;
    type Message: Send + 'static;
    type Payload: Payload<Self::Message>;

    /// From the handler into the chain.
    fn outcome(returned: Self::Returned) -> Result<Response<Self::Payload>, Status>;
    /// From the chain to tonic.
    fn sent(
        outcome: Result<Response<Self::Payload>, Status>,
    ) -> Result<Response<Self::Sent>, Status>;
}

/// The [`Returns`] of a handler that returns an `R`, which holds what `KIND` says: a [`MESSAGE`],
/// an [`OWN_STREAM`](super::OWN_STREAM) or a [`BOXED_STREAM`](super::BOXED_STREAM).
pub struct Returning<R, const KIND: u8>(PhantomData<fn() -> R>);

impl<R, const KIND: u8> Returns for Returning<R, KIND>
where
    R: Returned<KIND>,
{
    const STREAM: bool = KIND != MESSAGE;

    type Returned = R;
    type Sent = R::Sent;
    type Message = R::Message;
    type Payload = R::Payload;

    #[inline]
    fn outcome(returned: R) -> Result<Response<Self::Payload>, Status> {
        returned.into_outcome()
    }

    #[inline]
    fn sent(
        outcome: Result<Response<Self::Payload>, Status>,
    ) -> Result<Response<Self::Sent>, Status> {
        R::sent(outcome)
    }
}
