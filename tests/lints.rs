//! The code that `#[intercepted]` generates passes the strictest lints: clippy checks this file as
//! it is.

#![deny(warnings, clippy::pedantic, missing_docs, unused_qualifications, single_use_lifetimes)]
#![deny(unreachable_pub, unused_lifetimes, elided_lifetimes_in_paths, let_underscore_drop)]
#![forbid(unsafe_code)]

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload, intercepted, interceptor,
};
use grpc_interceptor_proto::odd::{
    Fields, Text,
    http_proxy_client::HttpProxyClient,
    http_proxy_server::{HttpProxy, HttpProxyServer},
};
use tokio_stream::{Once, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

/// An interceptor for any RPC.
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// One with attributes, and another path to this crate.
#[interceptor(crate = grpc_interceptor)]
#[must_use]
#[deprecated]
#[expect(unused_variables)]
async fn old<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[test]
#[expect(deprecated)]
fn an_interceptor_keeps_its_attributes() {
    let _: old = old;
}

struct Limit {
    length: usize,
}

impl<N: Next<RequestMessage = Text>> Interceptor<N> for Limit {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let length = self.length;
        next.run(request.map(|payload| {
            payload.map_messages(move |mut message| {
                message.text.truncate(length);
                message
            })
        }))
        .await
    }
}

async fn nothing<N>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N>
where
    N: Next<Response = MessageStream<Text>>,
{
    Ok(Response::new(MessageStream::new(tokio_stream::empty())))
}

struct Proxy<T> {
    limit: Limit,
    other: T,
}

/// The service.
#[intercepted(pass, Some(pass), ((), pass))]
impl<T: Send + Sync + 'static> HttpProxy for Proxy<T> {
    #[rpc(name = "GetURL", skip(pass), with(self.limit))]
    async fn get_url(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        let _ = &self.other;
        Ok(Response::new(request.into_inner()))
    }

    #[rpc(name = "type")]
    async fn r#type(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[rpc(name = "lowerCamel")]
    async fn lower_camel(
        &self,
        request: Request<Text>,
        context: Context,
    ) -> Result<Response<Text>, Status> {
        let _ = context.method_name();
        Ok(Response::new(request.into_inner()))
    }

    async fn get2_items(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type Watch_ALLStream = Once<Result<Text, Status>>;

    #[rpc(with(nothing))]
    async fn watch_all(
        &self,
        request: Request<Text>,
    ) -> Result<Response<Self::Watch_ALLStream>, Status> {
        Ok(Response::new(tokio_stream::once(Ok(request.into_inner()))))
    }

    async fn ping(&self, _request: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(()))
    }

    type PingStreamStream = Streaming<()>;

    async fn ping_stream(
        &self,
        request: Request<Streaming<()>>,
    ) -> Result<Response<Self::PingStreamStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn wrapped(&self, request: Request<String>) -> Result<Response<String>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn old(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn map(&self, request: Request<Fields>) -> Result<Response<Fields>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn skip_and_with_apply_to_one_rpc() {
    let service = Proxy { limit: Limit { length: 1 }, other: () };
    let mut client = HttpProxyClient::new(HttpProxyServer::new(service));
    let text = || Text { text: "long".to_owned() };
    assert_eq!(client.get_url(text()).await.unwrap().into_inner().text, "l");
    assert_eq!(client.get2_items(text()).await.unwrap().into_inner().text, "long");
    let mut texts = client.watch_all(text()).await.unwrap().into_inner();
    assert!(texts.next().await.is_none());
}
