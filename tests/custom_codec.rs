//! Interceptors for messages that aren't prost's, with a custom codec, on a client and a server.
//! `tests/signatures` covers the attribute on the impl.

use grpc_interceptor::{Context, Interceptor, Next, Outcome, Payload as _, Transport};
use grpc_interceptor_proto::text::{
    Line,
    lines_client::{InterceptedLinesClient, LinesClient, LinesInterceptors},
    lines_server::{Lines, LinesServer},
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

struct Upper;

impl<N: Next<RequestMessage = String, ResponseMessage = Line>> Interceptor<N> for Upper {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let request = request.map(|payload| payload.map_messages(|text| text.to_uppercase()));
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_messages(|Line(text)| Line(text + "!"))))
    }
}

struct Echo;

#[tonic::async_trait]
impl Lines for Echo {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        Ok(Response::new(Line(request.into_inner())))
    }

    type ManyStream = BoxStream<Line>;

    async fn many(
        &self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner().map(|text| text.map(Line)))))
    }
}

async fn check<T: Transport, I: LinesInterceptors<T>>(mut client: InterceptedLinesClient<T, I>) {
    assert_eq!(client.one("a".to_owned()).await.unwrap().into_inner(), Line("A!".to_owned()));
    let texts = tokio_stream::iter(["a", "b"].map(str::to_owned));
    let lines = client.many(texts).await.unwrap().into_inner();
    let lines: Result<Vec<Line>, Status> = lines.collect().await;
    assert_eq!(lines.unwrap(), ["A!", "B!"].map(|text| Line(text.to_owned())));
}

#[tokio::test]
async fn a_clients_messages_dont_have_to_be_prosts() {
    check(LinesClient::with_interceptors(LinesServer::new(Echo), Upper)).await;
}

#[tokio::test]
async fn a_servers_messages_dont_have_to_be_prosts() {
    let server = LinesServer::with_interceptors(Echo, Upper);
    check(LinesClient::with_interceptors(server, ())).await;
}
