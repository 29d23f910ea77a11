use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::greeter::{
    greeter_server::{self, Greeter, GreeterServer},
    *,
};
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let outcome = next.run(request).await;
    println!(
        "{} -> {:?}",
        context.method_name(),
        outcome.as_ref().map(|_| ()).map_err(Status::code)
    );
    outcome
}
struct Auth {
    token: String,
}
impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if request
            .metadata()
            .get("authorization")
            .is_none_or(|t| t.as_bytes() != self.token.as_bytes())
        {
            return Err(Status::unauthenticated("no"));
        }
        next.run(request).await
    }
}
struct MyGreeter {
    auth: Auth,
}

#[intercepted(log, self.auth, (log, log), Some(log))]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: request.into_inner().name }))
    }
    async fn greet_everybody(
        &self,
        request: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut s = request.into_inner();
        let mut message = String::new();
        while let Some(m) = s.message().await? {
            message += &m.name;
        }
        Ok(Response::new(HelloReply { message }))
    }
    type GreetManyTimesStream = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;
    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        let r = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::iter(
            (0..r.times).map(move |i| Ok(HelloReply { message: format!("{} {i}", r.name) })),
        ))))
    }
    type ChatStream = tokio_stream::Once<Result<HelloReply, Status>>;
    async fn chat(
        &self,
        _: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(tokio_stream::once(Ok(HelloReply::default()))))
    }
}

#[test]
fn x() {
    let _ = GreeterServer::new(MyGreeter { auth: Auth { token: String::new() } });
}
