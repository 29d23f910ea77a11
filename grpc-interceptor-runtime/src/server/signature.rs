use std::marker::PhantomData;

use tonic::{Request, Response, Status};

use super::{
    request::{Argument, Received},
    response::{MESSAGE, Returned, Sent},
};
use crate::{Payload, RpcKind};

/// What one RPC's handler takes and returns, and what travels through its chain instead.
pub trait Rpc {
    const KIND: RpcKind;

    /// The handler's argument, as the user wrote it: `Request<A>`.
    type Argument;
    /// What the handler returns, as the user wrote it: `Result<Response<B>, E>`.
    type Returned;
    /// What tonic's trait has as `B`, which differs from the handler's where it is a stream.
    type Sent;

    type Request: Payload<Self::RequestMessage>;
    type Response: Payload<Self::ResponseMessage>;
    type RequestMessage: Send + 'static;
    type ResponseMessage: Send + 'static;

    /// From tonic into the chain.
    fn request(argument: Self::Argument) -> Request<Self::Request>;
    /// From the chain to the handler.
    fn argument(request: Request<Self::Request>) -> Self::Argument;
    /// From the handler into the chain.
    fn outcome(returned: Self::Returned) -> Result<Response<Self::Response>, Status>;
    /// From the chain to tonic.
    fn sent(
        outcome: Result<Response<Self::Response>, Status>,
    ) -> Result<Response<Self::Sent>, Status>;
}

/// The [`Rpc`] of a handler that takes an `A` and returns an `R`.
///
/// `CLIENT_STREAMS` says whether the argument holds a stream, and `RETURNS` is one of [`MESSAGE`],
/// [`OWN_STREAM`](super::OWN_STREAM) and [`BOXED_STREAM`](super::BOXED_STREAM).
pub struct Signature<A, R, const CLIENT_STREAMS: bool, const RETURNS: u8>(PhantomData<fn(A) -> R>);

impl<A, R, const CLIENT_STREAMS: bool, const RETURNS: u8> Rpc
    for Signature<A, R, CLIENT_STREAMS, RETURNS>
where
    A: Argument<Holds: Received<CLIENT_STREAMS>>,
    R: Returned<Holds: Sent<RETURNS>>,
{
    const KIND: RpcKind = RpcKind::new(CLIENT_STREAMS, RETURNS != MESSAGE);

    type Argument = A;
    type Returned = R;
    type Sent = <R::Holds as Sent<RETURNS>>::Sent;

    type Request = <A::Holds as Received<CLIENT_STREAMS>>::Payload;
    type Response = <R::Holds as Sent<RETURNS>>::Payload;
    type RequestMessage = <A::Holds as Received<CLIENT_STREAMS>>::Message;
    type ResponseMessage = <R::Holds as Sent<RETURNS>>::Message;

    #[inline]
    fn request(argument: A) -> Request<Self::Request> {
        argument.into_request().map(Received::into_payload)
    }

    #[inline]
    fn argument(request: Request<Self::Request>) -> A {
        A::from_request(request.map(Received::from_payload))
    }

    #[inline]
    fn outcome(returned: R) -> Result<Response<Self::Response>, Status> {
        returned.into_result().map(|response| response.map(Sent::into_payload))
    }

    #[inline]
    fn sent(
        outcome: Result<Response<Self::Response>, Status>,
    ) -> Result<Response<Self::Sent>, Status> {
        outcome.map(|response| response.map(R::Holds::into_sent))
    }
}
