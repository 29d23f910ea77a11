use grpc_interceptor::InterceptorLayer;
use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
use tonic::{body::Body, codegen::http, transport::Channel};
use tower::{Layer as _, buffer::Buffer};

fn client(channel: Buffer<http::Request<Body>, <Channel as tower::Service<http::Request<Body>>>::Future>) {
    let channel = InterceptorLayer::new(()).layer(channel);
    GreeterClient::with_interceptors(channel, ());
}

fn main() {}
