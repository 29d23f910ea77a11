//! `#[cfg]` on stream types and methods, and `self::…` and `Self` among the interceptors.

use grpc_interceptor::{Context, Interceptor, Next, Outcome, RpcKind, intercepted};
use grpc_interceptor_proto::text::{
    Line,
    lines_client::LinesClient,
    lines_server::{Lines, LinesServer},
};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use crate::Seen;

async fn own<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[derive(Clone)]
struct Service<T> {
    seen: Seen,
    more: T,
}

impl<T: Send + Sync> Service<T> {
    fn made(seen: Seen) -> Seen {
        seen
    }
}

/// The service itself is an interceptor.
impl<N: Next, T: Send + Sync> Interceptor<N> for Service<T> {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

#[intercepted(self::own, Self::made(self.seen.clone()), Self { seen: self.seen.clone(), more: 1_u8 })]
impl Lines for Service<u8> {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        Ok(Response::new(Line(request.into_inner())))
    }

    #[cfg(any())]
    type ManyStream = tokio_stream::Empty<Result<Line, Status>>;

    #[cfg(not(any()))]
    type ManyStream = BoxStream<Line>;

    #[cfg(any())]
    async fn many(&self, _: Request<Streaming<String>>) -> Nothing {}

    #[cfg(not(any()))]
    async fn many(
        &self,
        _: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        assert_eq!(self.more, 1);
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

struct Generic<T>(Seen, T);

#[derive(Clone, Copy)]
struct Unit<T>(std::marker::PhantomData<T>);

impl<N: Next, T: Send + Sync> Interceptor<N> for Unit<T> {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

// `Self` within the arguments of a type.
#[intercepted(self.0, Unit::<Self>(std::marker::PhantomData))]
impl<T: Send + Sync + 'static> Lines for Generic<T> {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        let _ = &self.1;
        Ok(Response::new(Line(request.into_inner())))
    }

    type ManyStream = BoxStream<Line>;

    async fn many(
        &self,
        _: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

#[tokio::test]
async fn everything_runs() {
    let seen = Seen::default();
    let service = Service { seen: seen.clone(), more: 1 };
    let mut client = LinesClient::new(LinesServer::new(service));
    client.one("a".to_owned()).await.unwrap();
    client.many(tokio_stream::empty()).await.unwrap();
    let expected =
        [("/text.Lines/One", RpcKind::Unary), ("/text.Lines/Many", RpcKind::Bidirectional)];
    assert_eq!(seen.take(), expected);

    let mut client = LinesClient::new(LinesServer::new(Generic(seen.clone(), 'x')));
    client.one("a".to_owned()).await.unwrap();
    client.many(tokio_stream::empty()).await.unwrap();
    assert_eq!(seen.take(), expected);
}
