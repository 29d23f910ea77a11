//! Names that can't be derived from Rust's, keywords, `google.protobuf.Empty`, deprecated RPCs, and
//! messages whose getters are named like well-known methods.

use grpc_interceptor::{Payload, RpcKind, intercepted};
use grpc_interceptor_proto::odd::{
    Fields, Text, http_proxy_client::HttpProxyClient, http_proxy_server::HttpProxy,
    http_proxy_server::HttpProxyServer,
};
use tokio_stream::{Once, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::Seen;

struct Proxy(Seen);

type Answer<T> = Result<Response<T>, Status>;

#[intercepted(self.0)]
impl HttpProxy for Proxy {
    #[rpc(name = "GetURL")]
    async fn get_url(&self, request: Request<Text>) -> Answer<Text> {
        Ok(Response::new(request.into_inner()))
    }

    #[rpc(name = "type")]
    async fn r#type(&self, request: Request<Text>) -> Answer<Text> {
        Ok(Response::new(request.into_inner()))
    }

    #[rpc(name = "lowerCamel")]
    async fn lower_camel(&self, request: Request<Text>) -> Answer<Text> {
        Ok(Response::new(request.into_inner()))
    }

    async fn get2_items(&self, request: Request<Text>) -> Answer<Text> {
        Ok(Response::new(request.into_inner()))
    }

    // The stream's name contains it.
    #[allow(non_camel_case_types)]
    type Watch_ALLStream = Once<Result<Text, Status>>;

    async fn watch_all(&self, request: Request<Text>) -> Answer<Self::Watch_ALLStream> {
        Ok(Response::new(tokio_stream::once(Ok(request.into_inner()))))
    }

    async fn ping(&self, _: Request<()>) -> Answer<()> {
        Ok(Response::new(()))
    }

    type PingStreamStream = Streaming<()>;

    async fn ping_stream(&self, request: Request<Streaming<()>>) -> Answer<Streaming<()>> {
        Ok(Response::new(request.into_inner()))
    }

    async fn wrapped(&self, request: Request<String>) -> Answer<String> {
        Ok(Response::new(request.into_inner()))
    }

    async fn old(&self, request: Request<Text>) -> Answer<Text> {
        Ok(Response::new(request.into_inner()))
    }

    async fn map(&self, request: Request<Fields>) -> Answer<Fields> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn names_match_the_wire() {
    let seen = Seen::default();
    let mut client = HttpProxyClient::new(HttpProxyServer::new(Proxy(seen.clone())));
    let text = || Text { text: "a".to_owned() };
    assert_eq!(client.get_url(text()).await.unwrap().into_inner(), text());
    assert_eq!(client.r#type(text()).await.unwrap().into_inner(), text());
    assert_eq!(client.lower_camel(text()).await.unwrap().into_inner(), text());
    assert_eq!(client.get2_items(text()).await.unwrap().into_inner(), text());
    let texts = client.watch_all(text()).await.unwrap().into_inner();
    assert_eq!(texts.map(Result::unwrap).collect::<Vec<_>>().await, [text()]);
    client.ping(()).await.unwrap();
    let pongs = client.ping_stream(tokio_stream::iter([(), ()])).await.unwrap().into_inner();
    assert_eq!(pongs.map(Result::unwrap).collect::<Vec<_>>().await, [(), ()]);
    assert_eq!(client.wrapped("a".to_owned()).await.unwrap().into_inner(), "a");
    #[allow(deprecated)]
    let old = client.old(text()).await.unwrap();
    assert_eq!(old.into_inner(), text());
    client.map(Fields::default()).await.unwrap();

    let names: Vec<_> = seen.take();
    assert_eq!(
        names,
        [
            ("/odd.v1beta1.HTTPProxy/GetURL", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/type", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/lowerCamel", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/Get2Items", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/Watch_ALL", RpcKind::ServerStreaming),
            ("/odd.v1beta1.HTTPProxy/Ping", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/PingStream", RpcKind::Bidirectional),
            ("/odd.v1beta1.HTTPProxy/Wrapped", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/Old", RpcKind::Unary),
            ("/odd.v1beta1.HTTPProxy/Map", RpcKind::Unary),
        ]
    );
}

#[test]
fn payload_doesnt_shadow_methods() {
    fn is_payload<M, P: Payload<M>>(_: &P) {}

    let fields = Fields { map: Some("a".to_owned()), inspect: vec![], single: Some(1) };
    is_payload::<Fields, _>(&fields);
    assert_eq!(fields.map(), "a");
    assert_eq!(fields.single, Some(1));
    assert_eq!(Some(1).map(|number| number + 1), Some(2));
    let sum: i32 = [1, 2].iter().inspect(|_| {}).map(|number| number * 2).sum();
    assert_eq!(sum, 6);
}
