use std::{future::Future, marker::PhantomData, pin::pin, sync::Arc};

use tokio_stream::Stream;
use tonic::{
    Request, Response, Status, Streaming,
    codegen::{GrpcMethod, http::uri::PathAndQuery},
    metadata::MetadataMap,
};

use super::{
    InterceptedGrpc, Method, Transport,
    codec::FallibleCodec,
    method::ready,
    shared::{Lent, Shared},
    to_caller::ToCaller,
};
use crate::{
    Context, Interceptor, MessageStream, Next, Outcome, RpcKind, Side,
    call::{RpcInfo, Timer, tell_time_remaining},
    chain::{Detach, Sealed, Timed, in_time},
    payload::{Failure, Guarded},
};

/// The [`Next`] of a client's innermost interceptor, which makes the call. Each run is a separate
/// attempt.
///
/// All attempts share one deadline. An attempt gets the remaining time, or the timeout that an
/// interceptor set in its metadata if that is shorter.
pub struct Call<'a, T, M, const CLIENT_STREAMS: bool, const SERVER_STREAMS: bool> {
    grpc: &'a Shared<T>,
    context: Context,
    method: PhantomData<fn() -> M>,
}

impl<T, M, const C: bool, const S: bool> Clone for Call<'_, T, M, C, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, M, const C: bool, const S: bool> Copy for Call<'_, T, M, C, S> {}

impl<T, M, const C: bool, const S: bool> Sealed for Call<'_, T, M, C, S> {}

impl<'a, T: Transport, M: Method, const C: bool, const S: bool> Call<'a, T, M, C, S> {
    /// Prepares the call, as the generated client does.
    async fn start<P>(
        self,
        request: &mut Request<P>,
    ) -> Result<(Lent<'a, T>, PathAndQuery), Status> {
        let mut lent = self.grpc.lend()?;
        ready(lent.get()).await?;
        lent.set_ready();
        if let Some(remaining) = self.context.time_remaining() {
            tell_time_remaining(request, remaining)?;
        }
        let (service, method) = M::PARTS;
        request.extensions_mut().insert(GrpcMethod::new(service, method));
        Ok((lent, PathAndQuery::from_static(M::NAME.path())))
    }
}

/// Each detached attempt gets its own transport, as concurrent attempts do.
macro_rules! detach {
    ($client_streams:literal, $server_streams:literal) => {
        impl<T, M> Detach for Call<'_, T, M, $client_streams, $server_streams>
        where
            T: Transport + Clone + 'static,
            M: Method,
        {
            type Owned = (Arc<Shared<T>>, Context);
            type Borrowed<'b> = Call<'b, T, M, $client_streams, $server_streams>;

            fn into_owned(self) -> Self::Owned {
                (Arc::new(self.grpc.clone()), self.context)
            }

            fn borrow((grpc, context): &Self::Owned) -> Self::Borrowed<'_> {
                Call { grpc, context: *context, method: PhantomData }
            }
        }
    };
}

detach!(false, false);
detach!(false, true);
detach!(true, false);
detach!(true, true);

/// The code common to all kinds of RPC.
macro_rules! common {
    () => {
        #[inline]
        fn context(&self) -> Context {
            self.context
        }

        fn with_context(self, context: Context) -> Self {
            Call { context: self.context.with_deadline_of(context), ..self }
        }

        #[inline]
        fn note_timeout_in(&mut self, metadata: &MetadataMap) -> Context {
            self.context.note_timeout_in(metadata);
            self.context
        }
    };
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, false, false> {
    type Request = M::Request;
    type Response = M::Response;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        mut self,
        mut request: Request<M::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        self.note_timeout_in(request.metadata());
        async move {
            let timer = &mut Timer::new(self.context.deadline());
            let (mut lent, path) = in_time(timer, pin!(self.start(&mut request))).await?;
            in_time(timer, pin!(lent.get().unary(request, path, M::codec()))).await
        }
    }

    fn clone_payload(&self, message: &M::Request) -> Option<M::Request> {
        M::clone_message(message)
    }

    common!();
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, false, true> {
    type Request = M::Request;
    type Response = MessageStream<M::Response>;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        mut self,
        mut request: Request<M::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        self.note_timeout_in(request.metadata());
        async move {
            let timer = &mut Timer::new(self.context.deadline());
            let (mut lent, path) = in_time(timer, pin!(self.start(&mut request))).await?;
            let call = pin!(lent.get().server_streaming(request, path, M::codec()));
            let response = from_wire(in_time(timer, call).await?);
            Ok(response.map(|stream| stream.in_time(self.context.deadline())))
        }
    }

    fn clone_payload(&self, message: &M::Request) -> Option<M::Request> {
        M::clone_message(message)
    }

    common!();
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, true, false> {
    type Request = MessageStream<M::Request>;
    type Response = M::Response;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        mut self,
        mut request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        self.note_timeout_in(request.metadata());
        async move {
            let timer = &mut Timer::new(self.context.deadline());
            let (mut lent, path) = in_time(timer, pin!(self.start(&mut request))).await?;
            let failure = Failure::default();
            let request = request.map(|messages| Guarded::new(messages, failure.clone()));
            let codec = FallibleCodec::new(M::codec(), failure.clone());
            let call = pin!(lent.get().client_streaming(request, path, codec));
            let outcome = in_time(timer, call).await;
            match failure.take() {
                Some(status) => Err(status),
                None => outcome,
            }
        }
    }

    fn clone_payload(&self, _: &Self::Request) -> Option<Self::Request> {
        None
    }

    common!();
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, true, true> {
    type Request = MessageStream<M::Request>;
    type Response = MessageStream<M::Response>;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        mut self,
        mut request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        self.note_timeout_in(request.metadata());
        async move {
            let timer = &mut Timer::new(self.context.deadline());
            let (mut lent, path) = in_time(timer, pin!(self.start(&mut request))).await?;
            let failure = Failure::default();
            let untouched = request.get_ref().is_untouched();
            let request = request.map(|messages| Guarded::new(messages, failure.clone()));
            let codec = FallibleCodec::new(M::codec(), failure.clone());
            let call = pin!(lent.get().streaming(request, path, codec));
            let outcome = in_time(timer, call).await;
            let response = match failure.take() {
                Some(status) => return Err(status),
                None => from_wire(outcome?),
            };
            Ok(response.map(|stream| {
                // The request stream may fail while the response is being read. If it is the
                // caller's own, the response stream is left unchanged and fails by itself.
                let stream = match untouched {
                    true => stream,
                    false => stream.or_failure(move || failure.take()),
                };
                stream.in_time(self.context.deadline())
            }))
        }
    }

    fn clone_payload(&self, _: &Self::Request) -> Option<Self::Request> {
        None
    }

    common!();
}

/// Converts a response off the wire. If its headers contain a status, no trailers follow.
fn from_wire<M: Send + 'static>(response: Response<Streaming<M>>) -> Response<MessageStream<M>> {
    let without_trailers = response.metadata().contains_key("grpc-status");
    response.map(|stream| match without_trailers {
        true => MessageStream::without_trailers(stream),
        false => MessageStream::from(stream),
    })
}

/// The information common to all calls of an RPC.
struct Info<M, const C: bool, const S: bool>(PhantomData<M>);

impl<M: Method, const C: bool, const S: bool> Info<M, C, S> {
    const INFO: &'static RpcInfo = &RpcInfo::new(M::NAME, RpcKind::new(C, S), Side::Client);
}

fn context<M: Method, const C: bool, const S: bool>(metadata: &MetadataMap) -> Context {
    Context::new(Info::<M, C, S>::INFO, metadata)
}

fn call<T, I, M, const C: bool, const S: bool>(
    client: &InterceptedGrpc<T, I>,
    context: Context,
) -> Call<'_, T, M, C, S> {
    Call { grpc: &client.grpc, context, method: PhantomData }
}

/// Runs a unary RPC through the client's interceptors.
#[inline]
pub fn unary<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<M::Request>,
) -> impl Future<Output = Result<Response<M::Response>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, false, false>>,
{
    let context = context::<M, false, false>(request.metadata());
    Timed::<_, M::Response>::new(context.deadline(), move || {
        client.interceptors.intercept(request, context, call(client, context))
    })
}

/// Runs a server-streaming RPC through the client's interceptors.
#[inline]
pub fn server_streaming<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<M::Request>,
) -> impl Future<Output = Result<Response<Streaming<M::Response>>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, false, true>>,
{
    let context = context::<M, false, true>(request.metadata());
    ToCaller::new(Timed::<_, M::Response>::new(context.deadline(), move || {
        client.interceptors.intercept(request, context, call(client, context))
    }))
}

/// Runs a client-streaming RPC through the client's interceptors.
#[inline]
pub fn client_streaming<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<impl Stream<Item = M::Request> + Send + 'static>,
) -> impl Future<Output = Result<Response<M::Response>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, true, false>>,
{
    let context = context::<M, true, false>(request.metadata());
    let request = request.map(MessageStream::from_messages);
    Timed::<_, M::Response>::new(context.deadline(), move || {
        client.interceptors.intercept(request, context, call(client, context))
    })
}

/// Runs a bidirectional RPC through the client's interceptors.
#[inline]
pub fn bidirectional<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<impl Stream<Item = M::Request> + Send + 'static>,
) -> impl Future<Output = Result<Response<Streaming<M::Response>>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, true, true>>,
{
    let context = context::<M, true, true>(request.metadata());
    let request = request.map(MessageStream::from_messages);
    ToCaller::new(Timed::<_, M::Response>::new(context.deadline(), move || {
        client.interceptors.intercept(request, context, call(client, context))
    }))
}
