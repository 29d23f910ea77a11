use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
use grpc_interceptor_proto::default_stubs::greeter_server::Greeter;
use tonic::{Request, Response, Status, Streaming};

struct Service;

#[intercepted(service = "greeter.v2.Greeter")]
impl Greeter for Service {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        Err(Status::internal(""))
    }

    async fn greet_everybody(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::internal(""))
    }
}

fn main() {}
