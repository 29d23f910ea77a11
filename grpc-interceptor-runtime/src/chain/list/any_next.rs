use std::{fmt, future::Future, pin::Pin, sync::Arc};

use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::{
    Context, Side,
    chain::{
        interceptor::Interceptor,
        next::{Next, Outcome, Sealed},
    },
    payload::{AnyMessage, AnyPayload, Erase as _},
};

type AnyOutcome = Result<Response<AnyPayload>, Status>;
type BoxFuture<'a> = Pin<Box<dyn Future<Output = AnyOutcome> + Send + 'a>>;

/// The [`Next`] of an interceptor in a [`List`](super::List): the remaining interceptors of the
/// list, then the rest of the chain.
///
/// It is a single type for all RPCs, so it erases the types of their messages.
#[derive(Clone, Copy)]
pub struct AnyNext<'a> {
    rest: &'a [Arc<dyn AnyInterceptor>],
    context: Context,
    end: &'a dyn Run,
}

impl<'a> AnyNext<'a> {
    pub(super) fn new(
        rest: &'a [Arc<dyn AnyInterceptor>],
        context: Context,
        end: &'a dyn Run,
    ) -> Self {
        AnyNext { rest, context, end }
    }
}

#[diagnostic::do_not_recommend]
impl Next for AnyNext<'_> {
    type Request = AnyPayload;
    type Response = AnyPayload;
    type RequestMessage = AnyMessage;
    type ResponseMessage = AnyMessage;

    fn run(self, request: Request<AnyPayload>) -> impl Future<Output = Outcome<Self>> + Send {
        let mut this = self;
        this.note_timeout_in(request.metadata());
        let AnyNext { rest, context, end } = this;
        match rest.split_first() {
            Some((first, rest)) => {
                first.intercept(request, context, AnyNext { rest, context, end })
            }
            None => end.run(request, context),
        }
    }

    fn context(&self) -> Context {
        self.context
    }

    fn with_context(self, context: Context) -> Self {
        AnyNext { context: self.context.with_deadline_of(context), ..self }
    }

    fn clone_payload(&self, payload: &AnyPayload) -> Option<AnyPayload> {
        self.end.clone_payload(payload)
    }

    fn note_timeout_in(&mut self, metadata: &MetadataMap) -> Context {
        if self.context.side() == Side::Client {
            self.context.note_timeout_in(metadata);
        }
        self.context
    }
}

impl Sealed for AnyNext<'_> {}

impl fmt::Debug for AnyNext<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AnyNext").field("context", &self.context).finish_non_exhaustive()
    }
}

/// A type-erased interceptor.
pub(super) trait AnyInterceptor: Send + Sync {
    fn intercept<'a>(
        &'a self,
        request: Request<AnyPayload>,
        context: Context,
        next: AnyNext<'a>,
    ) -> BoxFuture<'a>;
}

impl<I> AnyInterceptor for I
where
    I: for<'a> Interceptor<AnyNext<'a>>,
{
    fn intercept<'a>(
        &'a self,
        request: Request<AnyPayload>,
        context: Context,
        next: AnyNext<'a>,
    ) -> BoxFuture<'a> {
        Box::pin(Interceptor::intercept(self, request, context, next))
    }
}

/// The type-erased rest of the chain after a list.
pub(super) trait Run: Send + Sync {
    fn run(&self, request: Request<AnyPayload>, context: Context) -> BoxFuture<'_>;
    fn clone_payload(&self, payload: &AnyPayload) -> Option<AnyPayload>;
}

/// The `Next` that was passed to a list.
pub(super) struct End<N>(pub(super) N);

impl<N: Next> Run for End<N> {
    fn run(&self, request: Request<AnyPayload>, context: Context) -> BoxFuture<'_> {
        let next = self.0.with_context(context);
        Box::pin(async move {
            let (metadata, extensions, payload) = request.into_parts();
            let payload = N::Request::restore(payload)?;
            let request = Request::from_parts(metadata, extensions, payload);
            Ok(next.run(request).await?.map(|payload| payload.erase()))
        })
    }

    fn clone_payload(&self, payload: &AnyPayload) -> Option<AnyPayload> {
        Some(self.0.clone_payload(payload.downcast_ref()?)?.erase())
    }
}
