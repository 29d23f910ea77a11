use grpc_interceptor::intercepted;
use grpc_interceptor_proto::text::{
    Line,
    lines_server::{Lines, LinesServer},
};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

struct Service;

#[intercepted]
impl Lines for Service {
    async fn one(&self, request: Request<String>) -> Result<Response<Line>, Status> {
        Ok(Response::new(Line(request.into_inner())))
    }

    type ManyStream = BoxStream<Line>;

    #[rpc(name = "MANY")]
    async fn many(
        &self,
        _: Request<Streaming<String>>,
    ) -> Result<Response<Self::ManyStream>, Status> {
        Err(Status::internal("not needed"))
    }
}

fn main() {
    LinesServer::new(Service);
}
