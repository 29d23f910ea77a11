use std::{future::Future, marker::PhantomData, sync::Arc};

use tonic::{Request, Response, Status};

use super::{Argument, Returned};
use crate::{
    Context, MethodName, Next, Outcome, RpcKind, Side,
    call::RpcInfo,
    chain::{Detach, Sealed},
};

/// An RPC of the service `T`. The macro defines a type for each, named after its method.
pub trait Rpc<T> {
    const NAME: MethodName<'static>;

    /// The handler's argument, as written by the user: `Request<…>`.
    type Argument: Argument<Self::ArgumentKind>;
    type ArgumentKind;
    /// The handler's return type, as written by the user: `Result<Response<…>, …>`.
    type Returned: Returned<Self::ReturnedKind>;
    type ReturnedKind;

    const INFO: &'static RpcInfo = &RpcInfo::new(
        Self::NAME,
        RpcKind::new(Self::Argument::STREAM, Self::Returned::STREAM),
        Side::Server,
    );

    /// Returns a copy of the request's payload, if the macro found that it can be cloned.
    fn clone_payload(_: &ChainPayload<Self, T>) -> Option<ChainPayload<Self, T>> {
        None
    }
}

/// The payload of an RPC's request.
pub type ChainPayload<R, T> =
    <<R as Rpc<T>>::Argument as Argument<<R as Rpc<T>>::ArgumentKind>>::Payload;

/// The input of an RPC's chain.
pub type ChainRequest<R, T> = Request<ChainPayload<R, T>>;

/// The output of an RPC's chain.
pub type ChainOutcome<R, T> = Result<
    Response<<<R as Rpc<T>>::Returned as Returned<<R as Rpc<T>>::ReturnedKind>>::Payload>,
    Status,
>;

/// The payload of the `Response` in tonic's trait.
pub type Sent<R, T> = <<R as Rpc<T>>::Returned as Returned<<R as Rpc<T>>::ReturnedKind>>::Sent;

/// The code at one position in an RPC's chain: the outermost interceptor at 0, the handler at the
/// last one. The macro generates an impl for each position.
pub trait Link<T, const AT: usize>: Rpc<T> + Sized {
    fn run(
        service: &T,
        request: ChainRequest<Self, T>,
        context: Context,
    ) -> impl Future<Output = ChainOutcome<Self, T>> + Send;
}

/// The [`Next`] of an RPC's interceptors: its chain from one position on.
///
/// The fields are public, because a constructor function would be compiled again for each position.
///
/// It identifies the position by a number and contains nothing of the code there, so the types of a
/// long chain are no longer than those of a short one.
pub struct Chain<'a, T, R, const AT: usize> {
    pub service: &'a T,
    pub context: Context,
    pub rpc: PhantomData<fn() -> R>,
}

impl<T, R, const AT: usize> Clone for Chain<'_, T, R, AT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, R, const AT: usize> Copy for Chain<'_, T, R, AT> {}

impl<T: Sync, R: Link<T, AT>, const AT: usize> Next for Chain<'_, T, R, AT> {
    type Request = <R::Argument as Argument<R::ArgumentKind>>::Payload;
    type Response = <R::Returned as Returned<R::ReturnedKind>>::Payload;
    type RequestMessage = <R::Argument as Argument<R::ArgumentKind>>::Message;
    type ResponseMessage = <R::Returned as Returned<R::ReturnedKind>>::Message;

    #[inline]
    fn run(self, request: Request<Self::Request>) -> impl Future<Output = Outcome<Self>> + Send {
        R::run(self.service, request, self.context)
    }

    #[inline]
    fn context(&self) -> Context {
        self.context
    }

    fn with_context(self, context: Context) -> Self {
        Chain { context: self.context.with_deadline_of(context), ..self }
    }

    fn clone_payload(&self, payload: &Self::Request) -> Option<Self::Request> {
        R::clone_payload(payload)
    }
}

/// For a service in an `Arc`.
impl<T, R, const AT: usize> Detach for Chain<'_, Arc<T>, R, AT>
where
    T: Send + Sync + 'static,
    R: Link<Arc<T>, AT>,
{
    type Owned = (Arc<T>, Context);
    type Borrowed<'b> = Chain<'b, Arc<T>, R, AT>;

    fn into_owned(self) -> Self::Owned {
        (self.service.clone(), self.context)
    }

    fn borrow((service, context): &Self::Owned) -> Self::Borrowed<'_> {
        Chain { service, context: *context, rpc: PhantomData }
    }
}

impl<T, R, const AT: usize> Sealed for Chain<'_, T, R, AT> {}
