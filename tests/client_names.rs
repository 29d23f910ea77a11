//! Client interceptors for odd names, deprecated RPCs, `google.protobuf.Empty` and no package: they
//! see the names that the generated client sends.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind};
use grpc_interceptor_proto::{
    bare::{Word, bare_client::BareClient},
    odd::{Fields, Text, http_proxy_client::HttpProxyClient},
};
use tonic::{
    Code, Request, Status,
    body::Body,
    codegen::{Service, http},
};

/// Records the path of each request, and answers none.
#[derive(Clone, Default)]
struct Refusing(Arc<Mutex<Vec<String>>>);

impl Service<http::Request<Body>> for Refusing {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = std::future::Ready<Result<Self::Response, Status>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.lock().unwrap().push(request.uri().path().to_owned());
        std::future::ready(Ok(Status::unavailable("refused").into_http()))
    }
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, RpcKind)>>>);

impl<N: Next> Interceptor<N> for Seen {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let name = context.method_name().to_string();
        self.0.lock().unwrap().push((name, context.kind()));
        next.run(request).await
    }
}

#[tokio::test]
async fn names_match_the_wire() {
    let (wire, seen) = (Refusing::default(), Seen::default());
    let mut proxy = HttpProxyClient::with_interceptors(wire.clone(), seen.clone());
    let mut bare = BareClient::with_interceptors(wire.clone(), seen.clone());
    let text = Text::default;
    #[allow(deprecated)]
    let codes = [
        proxy.get_url(text()).await.unwrap_err().code(),
        proxy.r#type(text()).await.unwrap_err().code(),
        proxy.lower_camel(text()).await.unwrap_err().code(),
        proxy.watch_all(text()).await.unwrap_err().code(),
        proxy.ping(()).await.unwrap_err().code(),
        proxy.ping_stream(tokio_stream::iter([()])).await.unwrap_err().code(),
        proxy.wrapped(String::new()).await.unwrap_err().code(),
        proxy.old(text()).await.unwrap_err().code(),
        proxy.map(Fields::default()).await.unwrap_err().code(),
        bare.call(Word::default()).await.unwrap_err().code(),
    ];
    assert_eq!(codes, [Code::Unavailable; 10]);

    let expected = [
        ("/odd.v1beta1.HTTPProxy/GetURL", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/type", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/lowerCamel", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/Watch_ALL", RpcKind::ServerStreaming),
        ("/odd.v1beta1.HTTPProxy/Ping", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/PingStream", RpcKind::Bidirectional),
        ("/odd.v1beta1.HTTPProxy/Wrapped", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/Old", RpcKind::Unary),
        ("/odd.v1beta1.HTTPProxy/Map", RpcKind::Unary),
        ("/Bare/Call", RpcKind::Unary),
    ]
    .map(|(name, kind)| (name.to_owned(), kind));
    assert_eq!(*seen.0.lock().unwrap(), expected);
    assert_eq!(*wire.0.lock().unwrap(), expected.map(|(name, _)| name));
}
