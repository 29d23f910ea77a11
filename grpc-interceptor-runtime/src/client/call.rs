use std::{future::Future, marker::PhantomData};

use tokio_stream::Stream;
use tonic::{
    Request, Response, Status, Streaming,
    codegen::{GrpcMethod, http::uri::PathAndQuery},
};

use super::{
    InterceptedGrpc, Method, Transport,
    codec::FallibleCodec,
    method::ready,
    shared::{Lent, Shared},
};
use crate::{
    Context, Interceptor, MessageStream, Next, Outcome, RpcKind, Side, payload::into_streaming,
};

/// The [`Next`] behind a client's last interceptor: makes the call. Each time it runs, it makes
/// another.
pub struct Call<'a, T, M, const CLIENT_STREAMS: bool, const SERVER_STREAMS: bool> {
    grpc: &'a Shared<T>,
    method: PhantomData<fn() -> M>,
}

impl<T, M, const C: bool, const S: bool> Clone for Call<'_, T, M, C, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, M, const C: bool, const S: bool> Copy for Call<'_, T, M, C, S> {}

impl<'a, T: Transport, M: Method, const C: bool, const S: bool> Call<'a, T, M, C, S> {
    /// What the generated client does before each call.
    async fn start<P>(
        self,
        request: &mut Request<P>,
    ) -> Result<(Lent<'a, T>, PathAndQuery), Status> {
        let mut grpc = self.grpc.take();
        ready(&mut grpc).await?;
        let (service, method) = M::PARTS;
        request.extensions_mut().insert(GrpcMethod::new(service, method));
        Ok((self.grpc.lend(grpc), PathAndQuery::from_static(M::NAME.path())))
    }
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, false, false> {
    type Request = M::Request;
    type Response = M::Response;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(self, mut request: Request<M::Request>) -> impl Future<Output = Outcome<Self>> + Send {
        async move {
            let (mut lent, path) = self.start(&mut request).await?;
            lent.get().unary(request, path, M::codec()).await
        }
    }
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, false, true> {
    type Request = M::Request;
    type Response = MessageStream<M::Response>;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(self, mut request: Request<M::Request>) -> impl Future<Output = Outcome<Self>> + Send {
        async move {
            let (mut lent, path) = self.start(&mut request).await?;
            let response = lent.get().server_streaming(request, path, M::codec()).await?;
            Ok(response.map(MessageStream::from))
        }
    }
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, true, false> {
    type Request = MessageStream<M::Request>;
    type Response = M::Response;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        self,
        mut request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        async move {
            let (mut lent, path) = self.start(&mut request).await?;
            let codec = FallibleCodec::of(M::codec(), request.get_ref());
            let failure = codec.failure.clone();
            let outcome = lent.get().client_streaming(request, path, codec).await;
            match failure.and_then(|failure| failure.get()) {
                Some(status) => Err(status),
                None => outcome,
            }
        }
    }
}

impl<T: Transport, M: Method> Next for Call<'_, T, M, true, true> {
    type Request = MessageStream<M::Request>;
    type Response = MessageStream<M::Response>;
    type RequestMessage = M::Request;
    type ResponseMessage = M::Response;

    fn run(
        self,
        mut request: Request<Self::Request>,
    ) -> impl Future<Output = Outcome<Self>> + Send {
        async move {
            let (mut lent, path) = self.start(&mut request).await?;
            let codec = FallibleCodec::of(M::codec(), request.get_ref());
            let failure = codec.failure.clone();
            let outcome = lent.get().streaming(request, path, codec).await;
            let Some(failure) = failure else {
                return Ok(outcome?.map(MessageStream::from));
            };
            match (failure.get(), outcome) {
                (Some(status), _) | (None, Err(status)) => Err(status),
                // The request stream may fail while the response is read.
                (None, Ok(response)) => Ok(response
                    .map(|stream| MessageStream::from(stream).or_failure(move || failure.get()))),
            }
        }
    }
}

fn context<M: Method, P>(request: &Request<P>, kind: RpcKind) -> Context {
    Context::new(M::NAME, kind, Side::Client, request.metadata())
}

fn call<T, I, M, const C: bool, const S: bool>(
    client: &InterceptedGrpc<T, I>,
) -> Call<'_, T, M, C, S> {
    Call { grpc: &client.grpc, method: PhantomData }
}

/// Runs a unary RPC through the client's interceptors.
pub fn unary<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<M::Request>,
) -> impl Future<Output = Result<Response<M::Response>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, false, false>>,
{
    let context = context::<M, _>(&request, RpcKind::Unary);
    client.interceptors.intercept(request, context, call(client))
}

/// Runs a server-streaming RPC through the client's interceptors.
pub fn server_streaming<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<M::Request>,
) -> impl Future<Output = Result<Response<Streaming<M::Response>>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, false, true>>,
{
    let context = context::<M, _>(&request, RpcKind::ServerStreaming);
    let outcome = client.interceptors.intercept(request, context, call(client));
    async { Ok(outcome.await?.map(into_streaming)) }
}

/// Runs a client-streaming RPC through the client's interceptors.
pub fn client_streaming<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<impl Stream<Item = M::Request> + Send + 'static>,
) -> impl Future<Output = Result<Response<M::Response>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, true, false>>,
{
    let context = context::<M, _>(&request, RpcKind::ClientStreaming);
    client.interceptors.intercept(request.map(MessageStream::from_messages), context, call(client))
}

/// Runs a bidirectional RPC through the client's interceptors.
pub fn bidirectional<M, T, I>(
    client: &InterceptedGrpc<T, I>,
    request: Request<impl Stream<Item = M::Request> + Send + 'static>,
) -> impl Future<Output = Result<Response<Streaming<M::Response>>, Status>> + Send
where
    T: Transport,
    M: Method,
    I: for<'a> Interceptor<Call<'a, T, M, true, true>>,
{
    let context = context::<M, _>(&request, RpcKind::Bidirectional);
    let request = request.map(MessageStream::from_messages);
    let outcome = client.interceptors.intercept(request, context, call(client));
    async { Ok(outcome.await?.map(into_streaming)) }
}
