use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
use tonic::{body::Body, codegen::http};
use tower::{BoxError, util::BoxService};

type Transport = BoxService<http::Request<Body>, http::Response<Body>, BoxError>;

fn client(transport: Transport) {
    GreeterClient::with_interceptors(transport, ());
}

fn main() {}
