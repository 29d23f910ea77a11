//! The only build of the tests without any feature.

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome, Payload as _, RawMessage,
};
use http_body_util::BodyExt as _;
use tonic::{
    Code, Request, Status,
    body::Body,
    codegen::{Service as _, http},
};
use tower::{Layer as _, service_fn};

/// Inspects the requests.
struct Look;

impl<N: Next<RequestMessage = RawMessage>> Interceptor<N> for Look {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let (metadata, extensions, payload) = request.into_parts();
        let payload =
            payload.try_map_messages(|message: RawMessage| message.bytes().map(|_| message))?;
        next.run(Request::from_parts(metadata, extensions, payload)).await
    }
}

async fn read(request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
    let read = request.into_body().collect().await;
    read.map(|_| http::Response::new(Body::empty()))
        .map_err(|error| Status::from_error(error.into()))
}

#[tokio::test]
async fn inspecting_a_compressed_message_names_the_missing_feature() {
    for (encoding, feature) in [("gzip", "Gzip"), ("deflate", "Deflate"), ("zstd", "Zstd")] {
        let request = http::Request::post("/pkg.Service/Method")
            .header("content-type", "application/grpc")
            .header("grpc-encoding", encoding)
            .body(Body::new("\u{1}\0\0\0\u{2}xx".to_owned()))
            .unwrap();
        let status =
            InterceptorLayer::new(Look).layer(service_fn(read)).call(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
        assert!(status.message().contains(feature), "{status:?}");
    }
}
