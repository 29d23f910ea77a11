//! Messages that aren't prost's: one can't be cloned, the other is a `String`.

use grpc_interceptor::{Context, Next, Outcome, Payload as _, intercepted};
use grpc_interceptor_proto::text::{
    Line,
    lines_client::LinesClient,
    lines_server::{self, LinesServer},
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

struct Shouting;

async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = String, ResponseMessage = Line>,
{
    let request = request.map(|payload| payload.map_messages(|text| text.to_uppercase()));
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.map_messages(|Line(text)| Line(text + "!"))))
}

#[intercepted(shout)]
impl lines_server::Lines for Shouting {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        Ok(Response::new(Line(request.into_inner())))
    }

    type ManyStream = std::pin::Pin<Box<dyn Stream<Item = Result<Line, Status>> + Send>>;

    async fn many(
        &self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner().map(|text| text.map(Line)))))
    }
}

#[tokio::test]
async fn messages_dont_have_to_be_prosts() {
    let mut client = LinesClient::new(LinesServer::new(Shouting));
    let line = client.one("hello".to_owned()).await.unwrap().into_inner();
    assert_eq!(line, Line("HELLO!".to_owned()));

    let texts = tokio_stream::iter(["a", "b"].map(str::to_owned));
    let lines = client.many(texts).await.unwrap().into_inner();
    let lines: Result<Vec<Line>, Status> = lines.collect().await;
    assert_eq!(lines.unwrap(), ["A!", "B!"].map(|text| Line(text.to_owned())));
}
