//! Interceptors passed to `with_interceptors`, with odd names, deprecated RPCs,
//! `google.protobuf.Empty` and no package: they see the names that are on the wire.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use grpc_interceptor_proto::{
    bare::{
        Word,
        bare_client::BareClient,
        bare_server::{Bare, BareServer},
    },
    odd::{
        Fields, Text,
        http_proxy_client::HttpProxyClient,
        http_proxy_server::{HttpProxy, HttpProxyServer},
        i_client::IClient,
        i_server::{I, IServer},
    },
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl<N: Next> Interceptor<N> for Seen {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        self.0.lock().unwrap().push(context.method_name().to_string());
        next.run(request).await
    }
}

/// Answers with the name of the method that was called.
struct Proxy;

fn text(text: &str) -> Result<Response<Text>, Status> {
    Ok(Response::new(Text { text: text.to_owned() }))
}

#[tonic::async_trait]
impl HttpProxy for Proxy {
    async fn get_url(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("get_url")
    }

    async fn r#type(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("type")
    }

    async fn lower_camel(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("lower_camel")
    }

    async fn get2_items(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("get2_items")
    }

    type Watch_ALLStream = BoxStream<Text>;

    async fn watch_all(&self, _: Request<Text>) -> Result<Response<Self::Watch_ALLStream>, Status> {
        let texts = [Ok(Text { text: "watch_all".to_owned() })];
        Ok(Response::new(Box::pin(tokio_stream::iter(texts))))
    }

    async fn ping(&self, _: Request<()>) -> Result<Response<()>, Status> {
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

    async fn old(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("old")
    }

    async fn map(&self, request: Request<Fields>) -> Result<Response<Fields>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tonic::async_trait]
impl Bare for Proxy {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn names_match_the_wire() {
    let seen = Seen::default();
    let server = HttpProxyServer::with_interceptors(Proxy, seen.clone());
    let mut client = HttpProxyClient::new(server);
    let asked = Text::default;
    #[allow(deprecated)]
    let answers = [
        client.get_url(asked()).await.unwrap().into_inner().text,
        client.r#type(asked()).await.unwrap().into_inner().text,
        client.lower_camel(asked()).await.unwrap().into_inner().text,
        client.get2_items(asked()).await.unwrap().into_inner().text,
        client.old(asked()).await.unwrap().into_inner().text,
    ];
    assert_eq!(answers, ["get_url", "type", "lower_camel", "get2_items", "old"]);
    let watched = client.watch_all(asked()).await.unwrap().into_inner();
    assert_eq!(watched.collect::<Vec<_>>().await[0].as_ref().unwrap().text, "watch_all");
    client.ping(()).await.unwrap();
    let pings = client.ping_stream(tokio_stream::iter([(), ()])).await.unwrap().into_inner();
    assert_eq!(pings.collect::<Vec<_>>().await.len(), 2);
    client.wrapped("a".to_owned()).await.unwrap();
    client.map(Fields::default()).await.unwrap();
    BareClient::new(BareServer::with_interceptors(Proxy, seen.clone()))
        .call(Word::default())
        .await
        .unwrap();

    let methods = [
        "GetURL",
        "type",
        "lowerCamel",
        "Get2Items",
        "Old",
        "Watch_ALL",
        "Ping",
        "PingStream",
        "Wrapped",
        "Map",
    ];
    let mut expected = methods.map(|method| format!("/odd.v1beta1.HTTPProxy/{method}")).to_vec();
    expected.push("/Bare/Call".to_owned());
    assert_eq!(*seen.0.lock().unwrap(), expected);
}

#[tonic::async_trait]
impl I for Proxy {
    async fn with_interceptors(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("with_interceptors")
    }

    async fn with_interceptors_from_arc(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        text("with_interceptors_from_arc")
    }
}

#[tokio::test]
async fn rpcs_can_be_named_like_the_constructors() {
    let seen = Seen::default();
    for server in [
        IServer::with_interceptors(Proxy, seen.clone()),
        IServer::with_interceptors_from_arc(Arc::new(Proxy), seen.clone()),
    ] {
        let mut client = IClient::new(server);
        let answers = [
            client.with_interceptors(Text::default()).await.unwrap().into_inner().text,
            client.with_interceptors_from_arc(Text::default()).await.unwrap().into_inner().text,
        ];
        assert_eq!(answers, ["with_interceptors", "with_interceptors_from_arc"]);
    }
    let names = ["WithInterceptors", "WithInterceptorsFromArc"]
        .map(|method| format!("/odd.v1beta1.I/{method}"));
    assert_eq!(*seen.0.lock().unwrap(), [names.clone(), names].concat());
}
