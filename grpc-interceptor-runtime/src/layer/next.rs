use std::{fmt, future::Future, pin::Pin, sync::Arc};

use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::{
    Context, Detach, Interceptor, Next, Outcome, RawMessage, RawPayload, RpcKind, Side,
    chain::Sealed,
};

pub type RawOutcome = Result<Response<RawPayload>, Status>;

/// The [`Next`] of the interceptors in an [`InterceptorLayer`](crate::InterceptorLayer): the
/// service inside the layer.
///
/// It is a single type for all services and RPCs. It can be [detached](Detach).
#[derive(Clone, Copy)]
pub struct LayerNext<'a> {
    call: &'a dyn Attempt,
    context: Context,
}

impl<'a> LayerNext<'a> {
    pub(super) fn new(call: &'a dyn Attempt, context: Context) -> Self {
        LayerNext { call, context }
    }
}

/// A call to the service inside a layer, without the service's type.
pub trait Attempt: Send + Sync {
    /// Calls the service.
    fn run(
        &self,
        request: Request<RawPayload>,
        context: Context,
    ) -> Pin<Box<dyn Future<Output = RawOutcome> + Send + '_>>;

    /// Returns the same call for use in a separate task.
    fn detached(&self) -> Arc<dyn Attempt>;
}

#[diagnostic::do_not_recommend]
impl Next for LayerNext<'_> {
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

impl Sealed for LayerNext<'_> {}

impl Detach for LayerNext<'_> {
    type Owned = (Arc<dyn Attempt>, Context);
    type Borrowed<'b> = LayerNext<'b>;

    fn into_owned(self) -> Self::Owned {
        (self.call.detached(), self.context)
    }

    fn borrow((call, context): &Self::Owned) -> LayerNext<'_> {
        LayerNext { call: &**call, context: *context }
    }
}

impl fmt::Debug for LayerNext<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LayerNext").field("context", &self.context).finish_non_exhaustive()
    }
}

/// The bound on the interceptors of an [`InterceptorLayer`](crate::InterceptorLayer), for generic
/// code. It covers the layer's whole argument, not one interceptor in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interceptor for an `InterceptorLayer`",
    label = "not an interceptor for any RPC",
    note = "in a layer, an interceptor accepts any `N: Next`, or `N: Next<RequestMessage = RawMessage>`: it gets the messages of \
            all RPCs, still encoded",
    note = "an async fn needs `#[interceptor]` above it. A closure in a variable needs its types, as in \
            `let predicate = |context: &Context| …` for `when`. To find the wrong one in a tuple, leave out one at a time",
    note = "a value of type `impl LayerInterceptors` fits only a layer, not a tuple. To put it in a tuple, name its type, \
            such as `OnCallEnd<impl Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static>`"
)]
pub trait LayerInterceptors: for<'a> Interceptor<LayerNext<'a>> + 'static {}

#[diagnostic::do_not_recommend]
impl<I> LayerInterceptors for I where I: for<'a> Interceptor<LayerNext<'a>> + 'static {}
