use std::{fmt, future::Future, sync::Arc};

use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::{any_service::AnyService, call::Call, inner_service::InnerService};
use crate::{
    Context, Detach, Interceptor, Next, Outcome, RawMessage, RawPayload, RpcKind, Side,
    chain::Sealed,
};

pub(super) type RawOutcome = Result<Response<RawPayload>, Status>;

/// The [`Next`] of the interceptors in an [`InterceptorLayer`](crate::InterceptorLayer): the service `S` inside of
/// the layer.
///
/// It is one type for all RPCs. It can be [detached](Detach).
pub struct LayerNext<'a, S: InnerService> {
    call: &'a Call<S>,
    context: Context,
}

impl<'a, S: InnerService> LayerNext<'a, S> {
    pub(super) fn new(call: &'a Call<S>, context: Context) -> Self {
        LayerNext { call, context }
    }
}

impl<S: InnerService> Clone for LayerNext<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: InnerService> Copy for LayerNext<'_, S> {}

impl<S: InnerService> Next for LayerNext<'_, S> {
    type Request = RawPayload;
    type Response = RawPayload;
    type RequestMessage = RawMessage;
    type ResponseMessage = RawMessage;

    fn run(self, request: Request<RawPayload>) -> impl Future<Output = Outcome<Self>> + Send {
        let mut this = self;
        this.note_timeout_in(request.metadata());
        this.call.run(request, this.context)
    }

    fn context(&self) -> Context {
        self.context
    }

    fn with_context(self, context: Context) -> Self {
        LayerNext { context: self.context.with_deadline_of(context), ..self }
    }

    fn clone_payload(&self, payload: &RawPayload) -> Option<RawPayload> {
        match self.context.kind() {
            RpcKind::ClientStreaming | RpcKind::Bidirectional => None,
            RpcKind::Unary | RpcKind::ServerStreaming | RpcKind::Unknown => payload.try_clone(),
        }
    }

    #[inline]
    fn note_timeout_in(&mut self, metadata: &MetadataMap) -> Context {
        if self.context.side() == Side::Client {
            self.context.note_timeout_in(metadata);
        }
        self.context
    }
}

impl<S: InnerService> Sealed for LayerNext<'_, S> {}

impl<S: InnerService> Detach for LayerNext<'_, S> {
    type Owned = (Arc<Call<S>>, Context);
    type Borrowed<'b> = LayerNext<'b, S>;

    fn into_owned(self) -> Self::Owned {
        (Arc::new(self.call.detached()), self.context)
    }

    fn borrow((call, context): &Self::Owned) -> LayerNext<'_, S> {
        LayerNext { call, context: *context }
    }
}

impl<S: InnerService> fmt::Debug for LayerNext<'_, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LayerNext").field("context", &self.context).finish_non_exhaustive()
    }
}

/// What an [`InterceptorLayer`](crate::InterceptorLayer) around the service `S` takes: a name for it in generic code.
/// On a server `S` is tonic's `Routes`, on a client its `Channel`.
pub trait LayerInterceptors<S: InnerService>:
    InAnyLayer + for<'a> Interceptor<LayerNext<'a, S>>
{
}

impl<S: InnerService, I> LayerInterceptors<S> for I where
    I: InAnyLayer + for<'a> Interceptor<LayerNext<'a, S>>
{
}

/// The same, whatever the service is: what doesn't fit is told where it is written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interceptor for an `InterceptorLayer`",
    label = "not an interceptor for any RPC",
    note = "in a layer an interceptor is for any `N: Next`, or for `N: Next<RequestMessage = RawMessage>`: it sees the \
            messages of all RPCs, still encoded",
    note = "an async fn needs `#[interceptor]` above it, as it is given as a value"
)]
pub trait InAnyLayer: 'static {}

#[diagnostic::do_not_recommend]
impl<I> InAnyLayer for I where I: for<'a> Interceptor<LayerNext<'a, AnyService>> + 'static {}
