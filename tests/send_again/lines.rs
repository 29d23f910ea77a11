//! What tonic generates for a service whose messages aren't prost's, without the parts that aren't
//! used here. Its request can't be cloned.

use grpc_interceptor_proto::text::{Line, TextCodec};

#[grpc_interceptor::intercepted]
pub(crate) mod lines_client {
    #![allow(dead_code)]

    use tonic::codegen::*;

    #[derive(Debug, Clone)]
    pub(crate) struct LinesClient<T> {
        inner: tonic::client::Grpc<T>,
    }

    impl<T> LinesClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub(crate) fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }

        pub(crate) async fn one(
            &mut self,
            request: impl tonic::IntoRequest<super::Line>,
        ) -> std::result::Result<tonic::Response<super::Line>, tonic::Status> {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = super::TextCodec::default();
            let path = http::uri::PathAndQuery::from_static("/text.Lines/One");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("text.Lines", "One"));
            self.inner.unary(req, path, codec).await
        }
    }
}

#[grpc_interceptor::intercepted]
pub(crate) mod lines_server {
    use tonic::codegen::*;

    #[async_trait]
    pub(crate) trait Lines: std::marker::Send + std::marker::Sync + 'static {
        async fn one(
            &self,
            request: tonic::Request<super::Line>,
        ) -> std::result::Result<tonic::Response<super::Line>, tonic::Status>;
    }

    #[derive(Debug)]
    pub(crate) struct LinesServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
    }

    impl<T> LinesServer<T> {
        pub(crate) fn new(inner: T) -> Self {
            Self::from_arc(Arc::new(inner))
        }

        pub(crate) fn from_arc(inner: Arc<T>) -> Self {
            Self {
                inner,
                accept_compression_encodings: Default::default(),
                send_compression_encodings: Default::default(),
            }
        }
    }

    impl<T, B> tonic::codegen::Service<http::Request<B>> for LinesServer<T>
    where
        T: Lines,
        B: Body + std::marker::Send + 'static,
        B::Error: Into<StdError> + std::marker::Send + 'static,
    {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<Self::Response, Self::Error>;

        fn poll_ready(
            &mut self,
            _cx: &mut Context<'_>,
        ) -> Poll<std::result::Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, req: http::Request<B>) -> Self::Future {
            match req.uri().path() {
                "/text.Lines/One" => {
                    struct OneSvc<T: Lines>(pub(crate) Arc<T>);
                    impl<T: Lines> tonic::server::UnaryService<super::Line> for OneSvc<T> {
                        type Response = super::Line;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::Line>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as Lines>::one(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = OneSvc(inner);
                        let codec = super::TextCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec).apply_compression_config(
                            accept_compression_encodings,
                            send_compression_encodings,
                        );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                path => unreachable!("there is no RPC {path}"),
            }
        }
    }

    impl<T> Clone for LinesServer<T> {
        fn clone(&self) -> Self {
            Self {
                inner: self.inner.clone(),
                accept_compression_encodings: self.accept_compression_encodings,
                send_compression_encodings: self.send_compression_encodings,
            }
        }
    }

    impl<T> tonic::server::NamedService for LinesServer<T> {
        const NAME: &'static str = "text.Lines";
    }
}
