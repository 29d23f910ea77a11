use grpc_interceptor::testing;
use tonic::transport::Server;

fn main() {
    let _ = testing::serve(Server::builder());
}
