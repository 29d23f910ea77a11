//! A handler that calls another RPC of its own service. The trait's method is the RPC, so its chain
//! runs no matter where the call comes from.

use grpc_interceptor::{Context, Next, Outcome, Payload as _, intercepted};
use grpc_interceptor_proto::text::{
    Line,
    lines_client::LinesClient,
    lines_server::{self, LinesServer},
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

async fn name<N>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = Line>,
{
    let method = context.method_name().method();
    let response = next.run(request).await?;
    Ok(response.map(|payload| payload.map_messages(move |Line(text)| Line(text + " " + method))))
}

struct Delegating;

// `self.one(…)` resolves without importing the trait, as in an impl without the attribute.
#[intercepted(name)]
impl lines_server::Lines for Delegating {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        Ok(Response::new(Line(request.into_inner())))
    }

    type ManyStream = BoxStream<Line>;

    async fn many(
        &self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        let mut lines = vec![];
        let mut texts = request.into_inner();
        while let Some(text) = texts.message().await? {
            lines.push(Ok(self.one(Request::new(text)).await?.into_inner()));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(lines))))
    }
}

#[tokio::test]
async fn an_rpc_that_a_handler_calls_runs_its_chain() {
    let mut client = LinesClient::new(LinesServer::new(Delegating));
    let texts = tokio_stream::iter(["a", "b"].map(str::to_owned));
    let lines = client.many(texts).await.unwrap().into_inner();
    let lines: Vec<String> = lines.map(|line| line.unwrap().0).collect().await;
    assert_eq!(lines, ["a One Many", "b One Many"]);
}
