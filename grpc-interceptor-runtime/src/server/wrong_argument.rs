//! A wrong argument type of a handler is one error: tonic's trait has a different type there.
//!
//! The macro asks this of any type that isn't obviously right. A wrong type is passed on as it is.

use std::marker::PhantomData;

use tonic::Request;

use super::{Argument, ArgumentKind};

/// The [`ArgumentKind`] of a type that may not be a `Request`.
pub struct CheckedArgument<const IS_RIGHT: bool, const STREAM: bool>;

/// Says whether a type is a `Request`: `DetectRequest::<Type>::IS_RIGHT`.
pub struct DetectRequest<T>(PhantomData<T>);

impl<M> DetectRequest<Request<M>> {
    pub const IS_RIGHT: bool = true;
}

pub trait NoRequest {
    const IS_RIGHT: bool = false;
}

impl<T> NoRequest for DetectRequest<T> {}

#[diagnostic::do_not_recommend]
impl<A: Argument<ArgumentKind<STREAM>>, const STREAM: bool> Argument<CheckedArgument<true, STREAM>>
    for A
{
    const STREAM: bool = STREAM;

    type Message = A::Message;
    type Payload = A::Payload;

    #[inline]
    fn from_request(request: Request<Self::Payload>) -> Self {
        A::from_request(request)
    }

    #[inline]
    fn into_request(self) -> Request<Self::Payload> {
        self.into_request()
    }
}

#[diagnostic::do_not_recommend]
impl<A: Send + 'static, const STREAM: bool> Argument<CheckedArgument<false, STREAM>> for A {
    const STREAM: bool = false;

    type Message = A;
    type Payload = A;

    fn from_request(request: Request<A>) -> Self {
        request.into_inner()
    }

    fn into_request(self) -> Request<A> {
        Request::new(self)
    }
}
