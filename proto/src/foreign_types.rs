//! A service that is implemented for another crate's type, which is only possible in the crate with
//! the generated code.

use std::sync::Arc;

use grpc_interceptor::{Context, Next, Outcome, intercepted};
use tonic::{Request, Response, Status};

use crate::bare::{
    Word,
    bare_client::BareClient,
    bare_server::{Bare, BareServer},
};

async fn exclaim<N>(request: Request<Word>, context: Context, next: N) -> Outcome<N>
where
    N: Next<Request = Word, Response = Word>,
{
    let mut response = next.run(request).await?;
    response.get_mut().word += context.method_name().method();
    Ok(response)
}

trait Speaker: Send + Sync + 'static {
    fn speak(&self, word: &str) -> String;
}

struct Echo;

impl Speaker for Echo {
    fn speak(&self, word: &str) -> String {
        format!("{word} {word} ")
    }
}

#[intercepted(exclaim)]
impl<T: Speaker> Bare for Arc<T> {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let word = self.speak(&request.get_ref().word);
        Ok(Response::new(Word { word }))
    }
}

#[tokio::test]
async fn a_service_can_be_implemented_for_an_arc() {
    let mut client = BareClient::new(BareServer::new(Arc::new(Echo)));
    let reply = client.call(Word { word: "hi".to_owned() }).await.unwrap().into_inner();
    assert_eq!(reply.word, "hi hi Call");
}

/// A service that is implemented for every type with a certain user trait.
mod blanket {
    use super::{Context, Echo, Next, Outcome, Request, Response, Speaker, Status, intercepted};
    use crate::text::{
        Line,
        lines_client::LinesClient,
        lines_server::{Lines, LinesServer},
    };

    async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }

    #[intercepted(pass)]
    impl<T: Speaker> Lines for T {
        async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
            Ok(Response::new(Line(self.speak(request.get_ref()))))
        }

        type ManyStream = tonic::codegen::BoxStream<Line>;

        async fn many(
            &self,
            _: Request<tonic::Streaming<String>>,
        ) -> Result<Response<Self::ManyStream>, Status> {
            Err(Status::unimplemented("not needed"))
        }
    }

    #[tokio::test]
    async fn a_service_can_be_implemented_for_a_type_parameter() {
        let mut client = LinesClient::new(LinesServer::new(Echo));
        let line = client.one("hi".to_owned()).await.unwrap();
        assert_eq!(line.into_inner(), Line("hi hi ".to_owned()));
    }
}
